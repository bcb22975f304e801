os.write(1, b"\x1b]0;owned\x07\x1b[2J\x9b31m\rfake line\n\xff\xfe\0end\n")
sys.exit(0)
