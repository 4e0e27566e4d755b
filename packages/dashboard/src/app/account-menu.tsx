import { Menu, UnstyledButton, useMantineColorScheme, VisuallyHidden } from '@mantine/core';
import { Icon, type IconName } from '../components/icon.tsx';
import { useSession } from '../lib/session.tsx';

const SCHEMES: readonly { readonly value: 'light' | 'dark' | 'auto'; readonly icon: IconName; readonly word: string }[] = [
  { value: 'light', icon: 'sun', word: 'Light' },
  { value: 'dark', icon: 'moon', word: 'Dark' },
  { value: 'auto', icon: 'screen', word: 'As the system' },
];

/** Who is signed in, how it shall look, and the way out. */
export const AccountMenu = ({ email }: { readonly email: string }) => {
  const { signOut } = useSession();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="top-start" width={200} shadow="md" radius="md">
      <Menu.Target>
        <UnstyledButton className="account">
          <span className="account-mark" aria-hidden="true">
            <Icon name="person" size={15} />
          </span>
          <VisuallyHidden>Account of </VisuallyHidden>
          <span className="cut">{email}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Look</Menu.Label>
        {SCHEMES.map(({ value, icon, word }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon name={icon} />}
            rightSection={value === colorScheme ? <Icon name="check" size={14} /> : null}
            onClick={() => setColorScheme(value)}
            aria-current={value === colorScheme}
          >
            {word}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<Icon name="door" />} onClick={() => void signOut()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
};
