saw(names=sorted(os.environ), canary=any("canary" in value for value in os.environ.values()),
    given=os.environ.get("GIVEN", ""))
