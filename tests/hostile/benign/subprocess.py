import json, subprocess, sys
text = subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True, check=True)
pipe = subprocess.run("printf 'b\\na\\n' | sort | head -n 1", shell=True, capture_output=True, text=True, check=True)
json.dump({"child": int(text.stdout), "pipe": pipe.stdout.strip()}, open("/workspace/artifacts/result.json", "w"))
