"""The same thirty tasks for pyinfra."""

from io import StringIO

from pyinfra import host
from pyinfra.facts.files import Directory, File, FindFiles
from pyinfra.operations import files, server

ROOT = "/tmp/bench"
CONF = """# managed
[service]
host = {}
port1 = 22323
port2 = 22324
port3 = 8551
""".format(host.name)

server.shell(name="Answer", commands=["true"])
files.directory(name="Folder", path=ROOT, mode="755")
files.directory(name="Folder a", path=f"{ROOT}/a", mode="755")
files.directory(name="Folder b", path=f"{ROOT}/b", mode="750")
files.directory(name="Folder c", path=f"{ROOT}/c", mode="700")
files.put(name="Text 1", src=StringIO("one\nalpha\nbeta\n"), dest=f"{ROOT}/a/one", mode="644")
files.put(name="Text 2", src=StringIO(f"two {host.name}\n"), dest=f"{ROOT}/a/two", mode="644")
files.put(name="Text 3", src=StringIO("three\n"), dest=f"{ROOT}/a/three", mode="600")
files.put(name="Text 4", src=StringIO("four = 4\n"), dest=f"{ROOT}/b/four", mode="644")
files.put(name="Text 5", src=StringIO("FIVE\n"), dest=f"{ROOT}/b/five", mode="644")
files.put(name="Template 1", src=StringIO(CONF), dest=f"{ROOT}/a/service.conf", mode="644")
files.put(name="Template 2", src=StringIO(CONF), dest=f"{ROOT}/b/service.conf", mode="640")
files.put(name="Template 3", src=StringIO(CONF), dest=f"{ROOT}/c/service.conf", mode="600")
files.link(name="Link 1", path=f"{ROOT}/link1", target=f"{ROOT}/a/one")
files.link(name="Link 2", path=f"{ROOT}/link2", target=f"{ROOT}/a/two")
files.line(name="Line 1", path=f"{ROOT}/a/one", line="alpha")
files.line(name="Line 2", path=f"{ROOT}/a/one", line="beta")
files.line(name="Line 3", path=f"{ROOT}/b/four", line="four = 4")
files.replace(name="Replace", path=f"{ROOT}/b/five", text="five", replace="FIVE")
host.get_fact(File, path=f"{ROOT}/a/one")
host.get_fact(Directory, path=f"{ROOT}/nothing")
server.shell(name="Judge", commands=[f"test -e {ROOT}/a/one"])
server.shell(name="Run 1", commands=["true"])
server.shell(name="Run 2", commands=["uname -r"])
server.shell(name="Shell", commands=["uname -r | wc -c"])
server.shell(name="Fact", commands=["true"])
host.get_fact(FindFiles, path=ROOT)
server.shell(name="Slurp", commands=[f"cat {ROOT}/a/one"])
files.file(name="Gone", path=f"{ROOT}/gone", present=False)
files.put(name="Last", src=StringIO("done\n"), dest=f"{ROOT}/last", mode="644")
