echo read by sh
