/** Owns opening the command palette: its keys, and whether it is open. Must not know what is in it. */
import { createSpotlight } from '@mantine/spotlight';

// A terminal keeps Ctrl-K for its program; with Shift the palette opens there too.
export const SHORTCUTS = ['mod + K', 'mod + shift + K'];

export const [paletteStore, palette] = createSpotlight();
