/** Owns Settings → Appearance: what this browser looks like. Must not send anything to the server. */
import {
  NumberInput,
  SegmentedControl,
  Stack,
  Text,
  useMantineColorScheme,
  type MantineColorScheme,
} from '@mantine/core';

import { FONT_SIZE, useTerminalFontSize } from '../../parts/preferences';
import { texts } from '../../texts';
import { SettingsPart } from './SettingsLayout';

const words = texts.settings.appearanceTexts;
const SCHEMES = ['auto', 'light', 'dark'] as const;

export function AppearancePage() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [fontSize, setFontSize] = useTerminalFontSize();
  return (
    <SettingsPart title={texts.settings.appearance} lead={words.lead}>
      <Stack gap="md">
        <Stack gap={6}>
          <Text size="sm" fw={500} id="scheme">
            {words.theme}
          </Text>
          <SegmentedControl
            aria-labelledby="scheme"
            w="fit-content"
            value={colorScheme}
            data={SCHEMES.map((scheme) => ({ value: scheme, label: words.schemes[scheme] }))}
            onChange={(scheme) => setColorScheme(scheme as MantineColorScheme)}
          />
        </Stack>
        <NumberInput
          label={words.fontSize}
          suffix=" px"
          w={200}
          min={FONT_SIZE.min}
          max={FONT_SIZE.max}
          value={fontSize}
          onChange={(size) => typeof size === 'number' && setFontSize(size)}
        />
        <pre className="screen" style={{ fontSize }} aria-hidden>
          {words.sample}
        </pre>
      </Stack>
    </SettingsPart>
  );
}
