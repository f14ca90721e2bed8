/** Owns the second factor of one's own account: setting it up, its recovery codes, its removal. Must not keep a secret. */
import { Badge, Button, Group, Modal, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { disableSecondFactor, renewRecoveryCodes } from '../../api/people';
import { keys } from '../../api/queries';
import { useMe } from '../../parts/me';
import { texts } from '../../texts';
import { ProofForm, RecoveryCodes } from './SecondFactorForms';
import { SecondFactorSetup } from './SecondFactorSetup';
import { SettingsPart } from './SettingsLayout';

const words = texts.security.factor;

export function SecondFactorPart() {
  const me = useMe();
  const [isOpen, { open, close }] = useDisclosure(false);
  const cache = useQueryClient();
  const done = () => {
    close();
    void cache.invalidateQueries({ queryKey: keys.me });
  };
  return (
    <SettingsPart title={words.title} lead={words.lead}>
      <Group gap="sm">
        <Badge variant="light" color={me.secondFactor ? 'green' : 'gray'}>
          {me.secondFactor ? words.on : words.off}
        </Badge>
        {me.secondFactor ? (
          <>
            <RenewControl />
            <RemoveControl />
          </>
        ) : (
          <Button onClick={open}>{words.setUp}</Button>
        )}
      </Group>
      <Modal opened={isOpen} onClose={done} title={words.setUpTitle} closeOnClickOutside={false}>
        <SecondFactorSetup onDone={done} />
      </Modal>
    </SettingsPart>
  );
}

function RenewControl() {
  const [isOpen, { open, close }] = useDisclosure(false);
  const [codes, setCodes] = useState<string[] | null>(null);
  const done = () => {
    close();
    setCodes(null);
  };
  return (
    <>
      <Button variant="default" onClick={open}>
        {words.renew}
      </Button>
      <Modal opened={isOpen} onClose={done} title={codes ? words.codesTitle : words.renewTitle}>
        {codes ? (
          <RecoveryCodes codes={codes} onDone={done} />
        ) : (
          <ProofForm
            text={words.renewText}
            action={words.renew}
            send={async (proofs) => setCodes((await renewRecoveryCodes(proofs)).recoveryCodes)}
            onCancel={done}
          />
        )}
      </Modal>
    </>
  );
}

function RemoveControl() {
  const cache = useQueryClient();
  const [isOpen, { open, close }] = useDisclosure(false);
  return (
    <>
      <Button variant="default" onClick={open}>
        {words.remove}
      </Button>
      <Modal opened={isOpen} onClose={close} title={words.removeTitle}>
        <Stack>
          <ProofForm
            text={words.removeText}
            action={words.remove}
            send={async (proofs) => {
              await disableSecondFactor(proofs);
              close();
              await cache.invalidateQueries({ queryKey: keys.me });
            }}
            onCancel={close}
          />
        </Stack>
      </Modal>
    </>
  );
}
