/**
 * A session that floods and its viewer, until it is ended: `flooder.mjs PRODUCT INFO_AS_JSON FILE`.
 *
 * Owns nothing that is measured: it is what goes on beside it.
 */
import { products } from './products/all.mjs';

const [name, info, file] = process.argv.slice(2);
const session = await products[name].connect(JSON.parse(info)).open('flood');
const viewer = await session.view();
await viewer.ready;
for (let number = 0; ; number++) {
  const end = viewer.sees(`@@END-f${number}@@`);
  viewer.write(`${file} f${number}\r`);
  if (number === 0) console.log('flooding');
  await end;
}
