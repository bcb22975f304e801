// Machine code made at run time: what every JavaScript engine lives by.
const bytes = Uint8Array.from([0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2,
  1, 0, 7, 7, 1, 3, 97, 100, 100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11]);
WebAssembly.instantiate(bytes).then(({instance}) => {
  let sum = 0;
  for (let i = 0; i < 2e6; i++) sum = instance.exports.add(sum, 1);
  require('fs').writeFileSync('/workspace/artifacts/result.json', JSON.stringify({sum}));
});
