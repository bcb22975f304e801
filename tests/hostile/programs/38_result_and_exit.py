result({"partial": True})
sys.exit(3)
