/** Owns a small button that is only an icon, with its name for those who point at it or hear it. Must not know what it does. */
import { ActionIcon, Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';

interface IconToolProps {
  label: string;
  onClick: () => void;
  children: ReactNode;
  variant?: 'subtle' | 'default';
}

export function IconTool({ label, onClick, children, variant = 'subtle' }: IconToolProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant={variant}
        color={variant === 'subtle' ? 'gray' : undefined}
        size="sm"
        aria-label={label}
        onClick={onClick}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
