/**
 * Measures one row for one product, in a process of its own: `measure.mjs ROW PRODUCT OPTIONS_AS_JSON`.
 *
 * Owns bringing both together, and that nothing is left running. Prints the result as one line of JSON.
 */
import { products } from './products/all.mjs';
import { rows } from './rows/all.mjs';
import { stopAll } from './processes.mjs';

const [rowName, productName, json] = process.argv.slice(2);
const [row, product, options] = [rows[rowName], products[productName], JSON.parse(json)];

/** An error outside of what is awaited ends the row as well, and leaves nothing running. */
process.on('uncaughtException', async (error) => {
  console.error(error);
  await stopAll();
  process.stdout.write(`${JSON.stringify({ error: error.message })}\n`, () => process.exit(1));
});

let server;
let result;
try {
  server = await product.start({ ...options, ...product.flags });
  const client = product.connect(server.info);
  result = await row.measure({ productName, product, server, client, options });
  client.close();
} catch (error) {
  result = { error: error.message.split('\n')[0] };
  console.error(error);
}
await server?.stop().catch((error) => console.error(error));
await stopAll();
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(result.error ? 1 : 0));
