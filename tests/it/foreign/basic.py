# Stands in for Ansible's library in tests: as much of it as shows what kconf hands over.

import json
import sys

_ANSIBLE_ARGS = None
_ANSIBLE_PROFILE = None


class AnsibleModule:
    def __init__(self, supports_check_mode=False):
        if _ANSIBLE_PROFILE != "legacy":
            raise Exception("no dialect was chosen")
        if sys.stdin.read():
            raise Exception("the input is not empty")
        given = json.loads(_ANSIBLE_ARGS.decode())["ANSIBLE_MODULE_ARGS"]
        self.params = {name: value for name, value in given.items() if not name.startswith("_ansible_")}
        self.check_mode = given["_ansible_check_mode"]
        self._name = given["_ansible_module_name"]
        self.ansible_version = given["_ansible_version"]
        if self.check_mode and not supports_check_mode:
            self.exit_json(skipped=True, msg="no check mode")

    def exit_json(self, **result):
        print(json.dumps(result))
        sys.exit(0)
