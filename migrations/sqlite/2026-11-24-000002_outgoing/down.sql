DROP TABLE hosts;
DROP TABLE deliveries;
DROP TABLE activities;
DROP TABLE outgoing;
