-- May run again: it runs at each start of the container. Peer authentication: the role of the application is its user.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'www-data') THEN CREATE ROLE "www-data" LOGIN; END IF;
END $$;
CREATE TABLE IF NOT EXISTS visits (at timestamptz NOT NULL DEFAULT now());
GRANT SELECT, INSERT ON visits TO "www-data";
