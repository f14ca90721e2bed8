/**
 * Every product that is measured, by name.
 *
 * Owns the list. Must not know what is measured.
 */
import * as gateway from './gateway.mjs';
import * as raven from './raven.mjs';
import * as terminado from './terminado.mjs';
import * as tmux from './tmux.mjs';
import * as wetty from './wetty.mjs';

export const products = {
  raven: { ...raven, label: 'Raven' },
  gateway: { ...gateway, label: 'Node gateway' },
  'gateway-unaudited': { ...gateway, label: 'Node gateway, no audit', flags: { audit: false } },
  terminado: { ...terminado, label: 'terminado' },
  wetty: { ...wetty, label: 'wetty' },
  tmux: { ...tmux, label: 'tmux' },
};
