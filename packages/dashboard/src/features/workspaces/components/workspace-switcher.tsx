import { Select } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useWorkspaces } from '../api/list-workspaces.ts';

const ALL = 'all';

/** Which workspace the lists show. */
export const WorkspaceSwitcher = () => {
  const { data: workspaces = [] } = useWorkspaces();
  const { workspace } = useSearch({ strict: false });
  const navigate = useNavigate();
  const options = [
    { value: ALL, label: 'All workspaces' },
    ...workspaces.map(({ id, name, role }) => ({ value: id, label: role === undefined ? name : `${name} · ${role}` })),
  ];
  return (
    <Select
      aria-label="Workspace"
      data={options}
      value={workspace ?? ALL}
      allowDeselect={false}
      size="sm"
      radius="md"
      comboboxProps={{ shadow: 'md' }}
      onChange={(value) =>
        void navigate({
          to: '.',
          search: (search) => ({ ...search, workspace: value === null || value === ALL ? undefined : value }),
        })
      }
    />
  );
};
