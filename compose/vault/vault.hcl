# OpenBao on one node. Raft storage, so that sealing is real; no TLS, for everything here is a replica.
storage "raft" {
  path = "/vault/data"
  node_id = "vault"
  performance_multiplier = 1 # one node: an election need not be waited for
}

listener "tcp" {
  address = "0.0.0.0:8200"
  tls_disable = true
}

api_addr = "http://vault.platform.test:8200"
cluster_addr = "http://127.0.0.1:8201"

# Readable outside the container: a drill follows it to see who did what.
audit "file" "file" {
  options = {
    file_path = "/audit/audit.log"
    mode = "0644"
  }
}
