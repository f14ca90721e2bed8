/**
 * Why a bar is missed, by its id, as far as it is known: shown beside the bar while it is missed.
 *
 * Owns the explanations, each found by looking and not by guessing. Must not know figures.
 */
export const CAUSES = {};
