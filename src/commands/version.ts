/** The version in package.json, put in by the bundler; from source there is none. */

declare const TASKMASTER_VERSION: string | undefined;

export const VERSION: string = typeof TASKMASTER_VERSION === 'string' ? TASKMASTER_VERSION : '0.0.0-source';
