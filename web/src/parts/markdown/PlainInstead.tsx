/** Owns showing a text as it was typed, when its layout is not to be had: what breaks there breaks nothing else. */
import { Component, type ReactNode } from 'react';

import { texts } from '../../texts';
import classes from './markdown.module.css';

export function PlainText({ text }: { text: string }) {
  return (
    <div className={classes.text}>
      <p>
        <em>{texts.plainInstead}</em>
      </p>
      <pre tabIndex={0}>{text}</pre>
    </div>
  );
}

interface Props {
  text: string;
  children: ReactNode;
}

/** Belongs to one text: another one is another boundary, by its `key`. */
export class PlainInstead extends Component<Props, { isBroken: boolean }> {
  override state = { isBroken: false };

  static getDerivedStateFromError() {
    return { isBroken: true };
  }

  override render() {
    return this.state.isBroken ? <PlainText text={this.props.text} /> : this.props.children;
  }
}
