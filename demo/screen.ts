import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Where the story is told. Away from a terminal only headings and results are shown. */
export interface Screen {
  /** Begins the next scene. */
  scene(title: string): void;
  /** A line of the story; terminals only. */
  tell(text: string): void;
  /** A line of somebody else, cut where the terminal ends; terminals only. */
  note(text: string): void;
  /** A line that is shown everywhere. */
  say(text: string): void;
  paint(style: Style, text: string): string;
}

export function createScreen(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Screen {
  const isTerminal = stream.isTTY;
  const hasColours = isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  const beganAt = performance.now();
  let sceneCount = 0;

  const say = (text: string): void => void stream.write(`${text}\n`);
  const paint = (style: Style, text: string): string => (hasColours ? styleText(style, text, { validateStream: false }) : text);
  const clock = (): string => `${((performance.now() - beganAt) / 1_000).toFixed(1).padStart(6)}s`;
  const tell = (text: string): void => {
    if (isTerminal) say(`${paint('dim', clock())}  ${text}`);
  };
  return {
    say,
    paint,
    tell,
    note: (text) => {
      const width = stream.columns - clock().length - 2;
      tell(text.length > width ? `${text.slice(0, width - 1)}…` : text);
    },
    scene: (title) => {
      sceneCount += 1;
      const heading = `${sceneCount}. ${title}`;
      say(isTerminal ? `\n${paint('bold', heading)}` : heading);
    },
  };
}
