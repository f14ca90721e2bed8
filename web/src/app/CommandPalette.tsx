/** Owns the command palette: going anywhere, spawning, stopping. Must not know how any of it is done. */
import '@mantine/spotlight/styles.css';

import { useDebouncedValue } from '@mantine/hooks';
import { Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight';
import { useQuery } from '@tanstack/react-query';
import {
  Bot,
  Clapperboard,
  Disc,
  FileText,
  History,
  KeyRound,
  NotebookText,
  Palette,
  Plus,
  Search,
  Settings,
  ShieldCheck,
  ShieldQuestion,
  Square,
  SquareCheckBig,
} from 'lucide-react';
import { useState } from 'react';
import { useNavigate } from 'react-router';

import { kindOf, suggestQuery } from '../api/pages';
import { agentsQuery, queueQuery } from '../api/queries';
import type { Agent } from '../api/shapes';
import { useDecisions } from '../features/approvals/useDecisions';
import { useStop } from '../features/agents/StopControl';
import { hasEnded, STATUS } from '../parts/states';
import { mayRunAgents, useMe } from '../parts/me';
import { texts } from '../texts';
import { paletteStore, SHORTCUTS } from './palette';

const words = texts.palette;
const ICON = { size: 17, 'aria-hidden': true } as const;
// Entries shown at once; typing narrows them.
const MAX_SHOWN = 12;
// As fast as one types, and not for every letter.
const TYPING_MS = 150;

export default function CommandPalette() {
  const agents = useQuery(agentsQuery).data ?? [];
  const mayRun = mayRunAgents(useMe());
  const [query, setQuery] = useState('');
  const groups = [
    useWaiting(),
    usePages(),
    useAgentEntries(agents),
    useCommands(mayRun ? agents : null),
    useFound(query.trim()),
  ];
  return (
    <Spotlight
      store={paletteStore}
      actions={groups.filter((group) => group.actions.length > 0)}
      query={query}
      onQueryChange={setQuery}
      shortcut={SHORTCUTS}
      tagsToIgnore={[]}
      highlightQuery
      limit={MAX_SHOWN}
      scrollable
      nothingFound={words.nothing}
      searchProps={{
        leftSection: <Search {...ICON} />,
        placeholder: words.placeholder,
        'aria-label': words.placeholder,
      }}
    />
  );
}

function usePages(): SpotlightActionGroupData {
  const navigate = useNavigate();
  const pages = [
    { to: '/agents', label: texts.nav.agents, icon: <Bot {...ICON} /> },
    { to: '/approvals', label: texts.approvals.title, icon: <ShieldCheck {...ICON} /> },
    { to: '/activity', label: texts.nav.activity, icon: <History {...ICON} /> },
    { to: '/tasks', label: texts.tasks.title, icon: <SquareCheckBig {...ICON} /> },
    { to: '/pages', label: texts.pages.title, icon: <NotebookText {...ICON} /> },
    { to: '/recordings', label: texts.nav.recordings, icon: <Clapperboard {...ICON} /> },
    {
      to: '/settings/agents',
      label: `${texts.nav.settings} → ${texts.settings.agents}`,
      icon: <Settings {...ICON} />,
    },
    {
      to: '/settings/recording',
      label: `${texts.nav.settings} → ${texts.settings.recording}`,
      icon: <Disc {...ICON} />,
    },
    {
      to: '/settings/policies',
      label: `${texts.nav.settings} → ${texts.policies.title}`,
      icon: <ShieldQuestion {...ICON} />,
    },
    {
      to: '/settings/tokens',
      label: `${texts.nav.settings} → ${texts.settings.tokens}`,
      icon: <KeyRound {...ICON} />,
    },
    {
      to: '/settings/appearance',
      label: `${texts.nav.settings} → ${texts.settings.appearance}`,
      icon: <Palette {...ICON} />,
    },
  ];
  const actions = pages.map(({ to, label, icon }) => ({
    id: to,
    label,
    leftSection: icon,
    onClick: () => void navigate(to),
  }));
  return { group: words.pages, actions };
}

/** What the workspace's pages and tasks have of the words, and the way to everything that has them. */
function useFound(query: string): SpotlightActionGroupData {
  const navigate = useNavigate();
  const [asked] = useDebouncedValue(query, TYPING_MS);
  const found = useQuery(suggestQuery(asked)).data?.items ?? [];
  if (query === '') return { group: texts.search.palette, actions: [] };
  // The server has chosen: what it forgives must pass the palette's own filter by letters.
  const keywords = [query];
  const actions = found
    .filter(({ kind }) => kind !== 'comment')
    .map(({ kind, id, title }) => ({
      id: `found-${id}`,
      label: title,
      description: texts.search.kind[kindOf(kind)],
      keywords,
      leftSection: kind === 'page' ? <FileText {...ICON} /> : <SquareCheckBig {...ICON} />,
      onClick: () => void navigate(kind === 'page' ? `/pages/${id}` : `/tasks/${id}`),
    }));
  const everything = {
    id: 'search',
    label: texts.search.paletteAll(query),
    keywords,
    leftSection: <Search {...ICON} />,
    onClick: () => void navigate(`/search?q=${encodeURIComponent(query)}`),
  };
  return { group: texts.search.palette, actions: [...actions, everything] };
}

/** What one may approve, without going there first. */
function useWaiting(): SpotlightActionGroupData {
  const decisions = useDecisions();
  const items = useQuery(queueQuery()).data?.items ?? [];
  const mine = items.filter((item) => item.kind === 'approval').filter(({ refusal }) => !refusal);
  const actions = mine.map((item) => ({
    id: `approve-${item.id}`,
    label: texts.approvals.palette.approve(item.summary),
    description: texts.approvals.asks(item.askedBy.name),
    leftSection: <ShieldCheck {...ICON} />,
    onClick: () => decisions.approve(item),
  }));
  return { group: texts.approvals.palette.group, actions };
}

function useAgentEntries(agents: Agent[]): SpotlightActionGroupData {
  const navigate = useNavigate();
  const actions = agents.map((agent) => ({
    id: `open-${agent.id}`,
    label: agent.name,
    description: STATUS[agent.status].word,
    leftSection: <Bot {...ICON} />,
    onClick: () => void navigate(`/agents/${agent.id}`),
  }));
  return { group: words.agents, actions };
}

/** `null` for one who may not run agents. */
function useCommands(agents: Agent[] | null): SpotlightActionGroupData {
  const navigate = useNavigate();
  const stop = useStop();
  if (!agents) return { group: words.actions, actions: [] };
  const spawn = {
    id: 'spawn',
    label: texts.spawn.title,
    leftSection: <Plus {...ICON} />,
    onClick: () => void navigate('/agents?spawn=1'),
  };
  const stops = agents
    .filter((agent) => !hasEnded(agent) && agent.status !== 'stopping')
    .map((agent) => ({
      id: `stop-${agent.id}`,
      label: words.stop(agent.name),
      leftSection: <Square {...ICON} />,
      onClick: () => stop.mutate({ agent, force: false }),
    }));
  return { group: words.actions, actions: [spawn, ...stops] };
}
