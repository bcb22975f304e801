import json, locale, sys, time, datetime
name = locale.setlocale(locale.LC_ALL, "")
json.dump({"encoding": sys.stdout.encoding.lower(), "fs": sys.getfilesystemencoding(), "upper": "ß".upper(),
           "year": datetime.datetime.now(datetime.timezone.utc).year >= 2024, "zone": time.tzname[0] != ""},
          open("/workspace/artifacts/result.json", "w"))
