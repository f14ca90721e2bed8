/** Owns how a Markdown text looks: no raw HTML, safe addresses only, mentions as names. Must not know whose text it is. */
import { createContext, use, type ComponentProps } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import { Link } from 'react-router';
import remarkGfm from 'remark-gfm';

import { isOwnImage, targetOf } from './links';
import { namesOfMentions } from './mentions';
import classes from './markdown.module.css';

/** The space of the page whose text is shown. */
const SpaceContext = createContext<string | undefined>(undefined);

const PLUGINS = [remarkGfm, namesOfMentions];

const COMPONENTS: Components = {
  a: ShownLink,
  img: ({ src, alt, title }) => {
    if (typeof src === 'string' && isOwnImage(src)) {
      return <img src={src} alt={alt ?? ''} title={title} loading="lazy" />;
    }
    const target = targetOf(typeof src === 'string' ? src : undefined);
    if (target.kind !== 'outside') return <span>{alt}</span>;
    return (
      <a href={target.href} target="_blank" rel="noopener noreferrer nofollow">
        {alt || target.href}
      </a>
    );
  },
  table: ({ children }) => (
    <div className={classes.wide} tabIndex={0} role="group">
      <table>{children}</table>
    </div>
  ),
  pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
};

export default function RenderedMarkdown({ text, spaceId }: { text: string; spaceId?: string }) {
  return (
    <div className={classes.text}>
      {/* What an address leads to is decided by `targetOf`, for links and images alike. */}
      <SpaceContext value={spaceId}>
        <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS} urlTransform={(url) => url}>
          {text}
        </ReactMarkdown>
      </SpaceContext>
    </div>
  );
}

function ShownLink({ href, children, title }: ComponentProps<'a'>) {
  const target = targetOf(href, use(SpaceContext));
  switch (target.kind) {
    case 'mention':
      return target.of === 'agent' ? (
        <Link to={`/agents/${target.id}`} className={classes.mention}>
          {children}
        </Link>
      ) : (
        <span className={classes.mention}>{children}</span>
      );
    case 'inside':
      return target.to.startsWith('/api/') ? (
        <a href={target.to} title={title} target="_blank" rel="noopener">
          {children}
        </a>
      ) : (
        <Link to={target.to} title={title}>
          {children}
        </Link>
      );
    case 'outside':
      return (
        <a href={target.href} title={title} target="_blank" rel="noopener noreferrer nofollow">
          {children}
        </a>
      );
    case 'unsafe':
      return <span title={href}>{children}</span>;
  }
}
