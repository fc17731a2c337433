-- What was fetched, and what clients wrote: written is true for the latter, and a fetch leaves it alone. Fetched is true
-- for what the upstream has had, whoever wrote it since.
CREATE TABLE ${unless_there} feed_items (
  id VARCHAR ${byte_order} PRIMARY KEY,
  title VARCHAR NOT NULL,
  published_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  data VARCHAR NOT NULL,
  fetched_at TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  written BOOLEAN NOT NULL,
  fetched BOOLEAN NOT NULL
);

CREATE INDEX ${unless_there} feed_items_newest ON feed_items (published_at DESC, id);

-- Items that the upstream has had and a client deleted: a fetch does not bring them back.
CREATE TABLE ${unless_there} feed_deleted (
  id VARCHAR ${byte_order} PRIMARY KEY
);

-- One row for each source: how far its fetches have come. The mapping is a name for the settings that made items of the
-- document which the validators are of.
CREATE TABLE ${unless_there} feed_sources (
  source VARCHAR PRIMARY KEY,
  etag VARCHAR,
  last_modified VARCHAR,
  mapping VARCHAR,
  last_attempt TIMESTAMP(6) WITH TIME ZONE,
  last_success TIMESTAMP(6) WITH TIME ZONE,
  next_fetch TIMESTAMP(6) WITH TIME ZONE,
  failures INTEGER NOT NULL,
  quota_remaining BIGINT
);

-- The table of db-scheduler, as its documentation gives it.
CREATE TABLE ${unless_there} scheduled_tasks (
  task_name VARCHAR(100) NOT NULL,
  task_instance VARCHAR(100) NOT NULL,
  task_data ${bytes},
  execution_time TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  picked BOOLEAN NOT NULL,
  picked_by VARCHAR(50),
  last_success TIMESTAMP(6) WITH TIME ZONE,
  last_failure TIMESTAMP(6) WITH TIME ZONE,
  consecutive_failures INTEGER,
  last_heartbeat TIMESTAMP(6) WITH TIME ZONE,
  version BIGINT NOT NULL,
  priority SMALLINT,
  PRIMARY KEY (task_name, task_instance)
);

CREATE INDEX ${unless_there} scheduled_tasks_execution_time ON scheduled_tasks (execution_time);
