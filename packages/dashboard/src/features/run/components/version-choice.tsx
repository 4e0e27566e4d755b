import { Radio } from '@mantine/core';

interface VersionChoiceProps {
  readonly value: 'same' | 'newest';
  readonly onChange: (value: 'same' | 'newest') => void;
}

export const VersionChoice = ({ value, onChange }: VersionChoiceProps) => (
  <Radio.Group label="Version of the task" value={value} onChange={(chosen) => onChange(chosen === 'same' ? 'same' : 'newest')}>
    <div className="choices">
      <Radio value="newest" label="The newest that is ready" />
      <Radio value="same" label="The one that this run executed" />
    </div>
  </Radio.Group>
);
