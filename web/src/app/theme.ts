/** Owns colours, type and component defaults of both themes. Must not know pages. */
import { Alert, createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

const raven: MantineColorsTuple = [
  '#eef2ff',
  '#dbe3ff',
  '#b8c7ff',
  '#91a7fb',
  '#748ff5',
  '#5c7cf0',
  '#4c6ee6',
  '#3f5fd2',
  '#3552bb',
  '#2b459f',
];

// Dark surfaces with a breath of blue, so that the terminal's black stands out from them.
const dark: MantineColorsTuple = [
  '#d5d9e0',
  '#b4bac5',
  '#9aa2b1',
  '#6b7485',
  '#3d4553',
  '#303744',
  '#232934',
  '#191e27',
  '#12161d',
  '#0c0f14',
];

export const theme = createTheme({
  primaryColor: 'raven',
  primaryShade: 7,
  colors: { raven, dark },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: '"JetBrains Mono", ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  headings: {
    fontWeight: '600',
    sizes: { h1: { fontSize: '1.25rem' }, h2: { fontSize: '1.05rem' }, h3: { fontSize: '0.95rem' } },
  },
  components: {
    // A tint rather than a block of colour: a notice stands beside work, it does not shout over it.
    Alert: Alert.extend({
      styles: { body: { minWidth: 0 }, message: { overflowWrap: 'anywhere' } },
      vars: (_, { color = 'raven' }) => ({
        root: {
          '--alert-bg': `color-mix(in srgb, var(--mantine-color-${color}-6) 10%, var(--raven-surface))`,
          '--alert-bd': `1px solid color-mix(in srgb, var(--mantine-color-${color}-6) 40%, transparent)`,
        },
      }),
    }),
    Badge: { defaultProps: { tt: 'none', fw: 600 } },
    Button: { defaultProps: { size: 'sm' } },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.5 } } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 250, multiline: true, maw: 360 } },
  },
});

/** Readable greys and the state colours, AA on their surfaces in both themes. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#5a6472',
    '--mantine-color-placeholder': '#667080',
    '--raven-surface': '#ffffff',
    '--raven-page': '#f5f6f8',
    '--raven-line': '#dfe3e8',
    '--raven-hover': '#e9ecf1',
    '--raven-active': '#e3e9fb',
    '--raven-active-text': '#2b459f',
    '--raven-lost': '#fff3e0',
    '--raven-lost-text': '#7a3300',
    '--raven-screen': '#f0f2f5',
    '--raven-screen-text': '#2c3440',
    '--raven-attention': '#a84300',
    '--raven-failure': '#c02626',
    '--raven-working': '#3552bb',
    '--raven-good': '#1b7a3d',
    '--raven-quiet': '#5a6472',
  },
  dark: {
    '--mantine-color-body': '#12161d',
    '--mantine-color-dimmed': '#9aa2b1',
    '--mantine-color-placeholder': '#8d96a6',
    '--raven-surface': '#191e27',
    '--raven-page': '#12161d',
    '--raven-line': '#2a313d',
    '--raven-hover': '#1f2530',
    '--raven-active': '#232c42',
    '--raven-active-text': '#c4d0ff',
    '--raven-lost': '#3a2a12',
    '--raven-lost-text': '#ffc078',
    '--raven-screen': '#0c0f14',
    '--raven-screen-text': '#c3c9d4',
    '--raven-attention': '#ffa94d',
    '--raven-failure': '#ff8787',
    '--raven-working': '#91a7fb',
    '--raven-good': '#69db7c',
    '--raven-quiet': '#9aa2b1',
  },
});
