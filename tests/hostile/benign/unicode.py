import json, sys
text = "Grüße, 世界 🌍 \u202e\u0301"
print(text)
print(text, file=sys.stderr)
open("/workspace/artifacts/ünïcode 世界.txt", "w").write(text)
json.dump({"text": text}, open("/workspace/artifacts/result.json", "w"), ensure_ascii=False)
