import type { RunState } from '@durabase/client';
import { RUN_STATES } from '@durabase/contracts/run-states';
import { Button, MultiSelect, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';
import { Icon } from '../../../components/icon.tsx';
import { lookOf, StateBadge } from '../../../components/state-badge.tsx';
import type { TaskName } from '../../../lib/task-names.ts';
import type { RunFilter } from '../run-filter.ts';
import './runs-filters.css';

const SPANS = [
  { value: '15m', label: 'Last 15 minutes' },
  { value: '1h', label: 'Last hour' },
  { value: '1d', label: 'Last day' },
  { value: '7d', label: 'Last 7 days' },
];
const STATES = RUN_STATES.map((value) => ({ value, label: lookOf(value).word }));
const TYPING_MS = 250;

interface RunsFiltersProps {
  readonly filter: RunFilter;
  readonly tasks: ReadonlyMap<string, TaskName>;
  readonly onChange: (change: Partial<RunFilter>) => void;
}

/** Which runs are shown. Everything stands in the address. */
export const RunsFilters = ({ filter, tasks, onChange }: RunsFiltersProps) => {
  const { states, task, since } = filter;
  const isAny = states !== undefined || task !== undefined || since !== undefined || filter.q !== undefined;
  const names = [...tasks.values()].map(({ id, name }) => ({ value: id, label: name }));
  const options = task === undefined || tasks.has(task) ? names : [...names, { value: task, label: task }];
  return (
    <div className="filters" role="search" aria-label="Filter the runs">
      <SearchInput value={filter.q ?? ''} onChange={(q) => onChange({ q })} />
      <MultiSelect
        className="filter-states"
        aria-label="State"
        placeholder={states === undefined ? 'Any state' : undefined}
        data={STATES}
        value={states?.split(',') ?? []}
        onChange={(chosen) => onChange({ states: chosen.length === 0 ? undefined : chosen.join(',') })}
        renderOption={({ option }) => <StateBadge state={option.value as RunState} isBare />}
        comboboxProps={{ shadow: 'md' }}
        maxDropdownHeight={360}
      />
      <Select
        className="filter-task"
        aria-label="Task"
        placeholder="Any task"
        data={options}
        value={task ?? null}
        onChange={(chosen) => onChange({ task: chosen ?? undefined })}
        searchable
        clearable
        clearButtonProps={{ 'aria-label': 'Any task' }}
        comboboxProps={{ shadow: 'md' }}
      />
      <Select
        className="filter-since"
        aria-label="Accepted since"
        placeholder="Any time"
        data={SPANS}
        value={since ?? null}
        onChange={(chosen) => onChange({ since: (chosen ?? undefined) as RunFilter['since'] })}
        clearable
        clearButtonProps={{ 'aria-label': 'Any time' }}
        comboboxProps={{ shadow: 'md' }}
      />
      {isAny ? (
        <Button
          variant="subtle"
          color="gray"
          size="sm"
          onClick={() => onChange({ q: undefined, states: undefined, task: undefined, since: undefined })}
        >
          Clear
        </Button>
      ) : null}
    </div>
  );
};

interface SearchInputProps {
  readonly value: string;
  readonly onChange: (text: string | undefined) => void;
}

/** Asks when the typing pauses; follows the address when that changes by itself. */
const SearchInput = ({ value, onChange }: SearchInputProps) => {
  const [typed, setTyped] = useState({ over: value, text: value });
  const tell = useDebouncedCallback((typed: string) => onChange(typed.trim() === '' ? undefined : typed.trim()), TYPING_MS);
  return (
    <TextInput
      className="filter-search"
      aria-label="Search the runs"
      placeholder="Words or id"
      maxLength={200}
      leftSection={<Icon name="search" />}
      value={typed.over === value ? typed.text : value}
      onChange={(event) => {
        setTyped({ over: value, text: event.currentTarget.value });
        tell(event.currentTarget.value);
      }}
    />
  );
};
