/** Owns loading the command palette: once there is time, or when it is asked for. Must not know what is in it. */
import { Skeleton, Stack } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useSpotlight } from '@mantine/spotlight';
import { lazy, Suspense } from 'react';

import { useOnceIdle } from '../parts/useOnceIdle';
import { texts } from '../texts';
import { palette, paletteStore, SHORTCUTS } from './palette';
import classes from './shell.module.css';

const CommandPalette = lazy(() => import('./CommandPalette'));

export function PaletteSlot() {
  const isIdle = useOnceIdle();
  const { opened } = useSpotlight(paletteStore);
  if (!isIdle && !opened) return <BeforePalette />;
  return (
    <Suspense fallback={<BeforePalette />}>
      <CommandPalette />
    </Suspense>
  );
}

/** Its keys work before it is there; asked for meanwhile, its place is shown. */
function BeforePalette() {
  const { opened } = useSpotlight(paletteStore);
  useHotkeys(
    SHORTCUTS.map((keys) => [keys, palette.open]),
    [],
  );
  if (!opened) return null;
  return (
    <Stack className={`surface ${classes.palette}`} role="status" aria-label={texts.loading} gap="xs">
      <Skeleton h={32} />
      <Skeleton h={160} />
    </Stack>
  );
}
