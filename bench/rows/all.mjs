/**
 * Every row of the table, by name: how it is measured and for which products it makes sense.
 *
 * Owns the list and its order. Must not know how a row is shown.
 */
import * as echo from './echo.mjs';
import * as idle from './idle.mjs';
import * as knowledge from './knowledge.mjs';
import * as lateJoin from './late-join.mjs';
import * as recording from './recording.mjs';
import * as spawn from './spawn.mjs';
import * as stuck from './stuck.mjs';
import * as viewers from './viewers.mjs';

const everybody = ['raven', 'gateway', 'terminado', 'wetty', 'tmux'];
/** In wetty each viewer has a program of its own. */
const shared = ['raven', 'gateway', 'terminado', 'tmux'];

export const rows = {
  'one-viewer': { measure: viewers.one, products: [...everybody, 'gateway-unaudited'] },
  'ten-viewers': { measure: viewers.ten, products: [...shared, 'gateway-unaudited'] },
  echo: { measure: echo.measure, products: everybody },
  idle: { measure: idle.measure, products: everybody },
  stuck: { measure: stuck.measure, products: shared },
  'late-join': { measure: lateJoin.measure, products: shared },
  recording: { measure: recording.measure, products: ['raven'] },
  spawn: { measure: spawn.measure, products: everybody },
  // Making twenty thousand pages and tasks takes most of it.
  knowledge: { measure: knowledge.measure, products: ['raven'], limit: 900 },
};
