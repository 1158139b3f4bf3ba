"""The cluster's nodes and partitions, and the configuration files of its daemons, to be filled in."""

NODES = {
    "gpu01": "Gres=gpu:titan:2,shard:8 Feature=titan,vram24g",
    "gpu02": "Gres=gpu:a100:1,shard:4 Feature=a100,vram80g",
    "cpu01": "Feature=cpu",
}
PARTITIONS = {"CPU": "cpu01 Default=YES", "GPU": "gpu01,gpu02", "TITAN": "gpu01", "A100": "gpu02"}

SLURM_CONF = """\
ClusterName={name}
SlurmctldHost={host}({address})
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/{auth}
CredType=cred/{auth}
# cred_expire: a requeued job waits this long (usually 120 s) before it may start again
AuthInfo={auth_info}cred_expire=10
# these two keep every listening socket off 0.0.0.0; they bind to the address of this machine's name
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmctldPort={port}
SlurmdPort={slurmd_port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd.%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.%n.log
MpiDefault=none
# what outlives its parent is still killed with its job, as on a site with cgroups; proctrack/linuxproc would let it go
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=10000
GresTypes=gpu,shard
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
MinJobAge=3600
KillWait=5
OverTimeLimit=0
# a node is asked every third of this, and down when it was silent for so long
SlurmdTimeout={node_timeout}
MessageTimeout=5
ReturnToService=2
# the nodes may claim more CPUs than the machine has
SlurmdParameters=config_overrides
"""
ACCOUNTING_CONF = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost={address}
AccountingStoragePort={database_port}
AccountingStoragePass={folder}/run/munge.sock
AccountingStorageTRES=gres/gpu,gres/gpu:titan,gres/gpu:a100,gres/shard
AccountingStoreFlags=job_comment
"""
GRES_CONF = """\
AutoDetect=off
NodeName=gpu01 Name=gpu Type=titan File={folder}/dev/gpu01/nvidia[0-1]
NodeName=gpu01 Name=shard Count=8
NodeName=gpu02 Name=gpu Type=a100 File={folder}/dev/gpu02/nvidia0
NodeName=gpu02 Name=shard Count=4
"""
SLURMDBD_CONF = """\
AuthType=auth/munge
AuthInfo=socket={folder}/run/munge.sock
DbdHost={host}
DbdAddr={address}
DbdPort={database_port}
CommunicationParameters=NoInAddrAny
SlurmUser={user}
LogFile={folder}/log/slurmdbd.log
PidFile={folder}/run/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost={address}
StoragePort={mariadb_port}
StorageUser=slurm
StoragePass={password}
StorageLoc=slurm
"""
ACCOUNTS_SQL = """\
CREATE DATABASE IF NOT EXISTS slurm;
CREATE OR REPLACE USER slurm@'{address}' IDENTIFIED BY '{password}';
GRANT ALL ON slurm.* TO slurm@'{address}';
"""
MARIADB_CONF = """\
[mysqld]
user={user}
datadir={folder}/database
socket={folder}/run/mariadb.sock
pid-file={folder}/run/mariadb.pid
log-error={folder}/log/mariadb.log
bind-address={address}
port={mariadb_port}
innodb_buffer_pool_size=32M
innodb_log_file_size=16M
innodb_lock_wait_timeout=900
innodb_flush_log_at_trx_commit=0
debug-no-sync=1
skip-name-resolve
performance_schema=OFF
"""
