/** Owns the ambient types of the build. Must not know anything else. */
/// <reference types="vite/client" />
declare module '@fontsource/jetbrains-mono/*';
