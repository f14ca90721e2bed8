/**
 * The packages of peers and clients, from where `cargo xtask bench` installs them.
 *
 * Owns that place. Must not know any package.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Packages, the Python environment, the corpus and the results. */
export const PLACE = fileURLToPath(new URL('../target/bench/', import.meta.url));

/** This folder. */
export const BENCH = fileURLToPath(new URL('./', import.meta.url));

/** Loads an installed package. */
export const need = createRequire(`${PLACE}package.json`);
