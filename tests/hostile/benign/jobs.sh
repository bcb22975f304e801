trap 'echo told to end' TERM
for i in 1 2 3 4; do (sleep 0.1; echo "$i" > "/tmp/$i") & done
wait
kill -TERM $$
sum=0
for i in 1 2 3 4; do sum=$((sum + $(cat "/tmp/$i"))); done
echo "to stderr" >&2
printf '{"sum": %d}' "$sum" > /workspace/artifacts/result.json
