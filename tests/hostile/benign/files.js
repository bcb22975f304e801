const fs = require('fs'), os = require('os'), path = require('path');
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'a-'));
fs.writeFileSync(path.join(directory, 'file'), 'hello');
fs.promises.readFile(path.join(directory, 'file'), 'utf8').then((text) => {
  fs.rmSync(directory, {recursive: true});
  fs.writeFileSync('/workspace/artifacts/result.json.tmp', JSON.stringify({text}));
  fs.renameSync('/workspace/artifacts/result.json.tmp', '/workspace/artifacts/result.json');
});
