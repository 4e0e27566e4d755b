import { Icon } from './icon.tsx';
import './failure.css';

/** Why something was refused, where it was asked for; nothing where it was not. */
export const Failure = ({ text }: { readonly text: string | undefined }) =>
  text === undefined ? null : (
    <p role="alert" className="failure">
      <Icon name="alert" />
      {text}
    </p>
  );
