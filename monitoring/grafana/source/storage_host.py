"""The machine below it all. Not its network: node-exporter sees that of its own container."""

from shapes import *

OURS = 'job="node_exporter",instance=~"$node"'
DISKS = f'{OURS},fstype!~"tmpfs|ramfs|overlay|squashfs|nsfs|autofs|fuse.*",mountpoint!~"/(etc|run|boot|dev|sys|proc).*"'
REAL = f'{OURS},device!~"loop.*|ram.*|zram.*|sr.*"'

BOARD = board(
    "storage-host", "7 Host",
    "Whether the machine has enough CPU, memory and disk for what runs on it.",

    row("Is there enough of everything?"),
    gauge("CPU busy", "Share of all cores that are at work.", "percentunit",
          now(f'1 - avg(rate(node_cpu_seconds_total{{{OURS},mode="idle"}}[$__rate_interval]))', "busy"),
          w=5, steps=[GREEN, (0.8, ORANGE), (0.95, RED)]),
    gauge("Memory used", "What programs hold and the system cannot take back.", "percentunit",
          now(f"max(1 - node_memory_MemAvailable_bytes{{{OURS}}} / node_memory_MemTotal_bytes{{{OURS}}})", "used"),
          w=5, steps=[GREEN, (0.8, ORANGE), (0.9, RED)]),
    gauge("Fullest disk", "How full the fullest file system is.", "percentunit",
          now(f"max(1 - node_filesystem_avail_bytes{{{DISKS}}} / node_filesystem_size_bytes{{{DISKS}}})", "full"),
          w=5, steps=[GREEN, (0.8, ORANGE), (0.9, RED)]),
    stat("Running for", "Time since the machine started.", "dtdurations",
         now(f"min(node_time_seconds{{{OURS}}} - node_boot_time_seconds{{{OURS}}})", "age"), w=5, h=6, steps=[BLUE]),
    stat("Killed for memory", "Processes that the system killed within the time shown since memory had run out.",
         "none", now(f"sum(increase(node_vmstat_oom_kill{{{OURS}}}[$__range]))", "killed"), w=4, h=6, decimals=0,
         steps=[GREEN, (1, RED)]),

    row("CPU and memory"),
    graph("CPU", "What the cores do, as a share of all of them. Much \"iowait\" points to the disk, \"steal\" to a "
          "neighbour on the same hardware.", "percentunit",
          prom(f'sum by (mode) (rate(node_cpu_seconds_total{{{OURS},mode!="idle"}}[$__rate_interval]))'
               f' / on () group_left () count(node_cpu_seconds_total{{{OURS},mode="idle"}})', "{{mode}}"),
          stacked=True, max=1, w=8),
    graph("Load", "Processes that run or wait, on average of 1 and 15 minutes, and the cores there are. More than "
          "cores means that some wait.", "none",
          prom(f"sum(node_load1{{{OURS}}})", "1 minute"), prom(f"sum(node_load15{{{OURS}}})", "15 minutes"),
          prom(f'count(node_cpu_seconds_total{{{OURS},mode="idle"}})', "cores"), w=8),
    graph("Memory", "What is held, and what there is.", "bytes",
          prom(f"sum(node_memory_MemTotal_bytes{{{OURS}}} - node_memory_MemAvailable_bytes{{{OURS}}})", "used"),
          prom(f"sum(node_memory_MemTotal_bytes{{{OURS}}})", "there is"), w=8),

    row("Disks"),
    graph("Free space", "Free bytes of each file system; of several machines, of the fullest.", "bytes",
          prom(f"min by (mountpoint) (node_filesystem_avail_bytes{{{DISKS}}})", "{{mountpoint}}"), w=8),
    graph("Disk", "Bytes read and written a second.", "Bps",
          prom(f"sum by (device) (rate(node_disk_read_bytes_total{{{REAL}}}[$__rate_interval]))", "{{device}} read"),
          prom(f"sum by (device) (rate(node_disk_written_bytes_total{{{REAL}}}[$__rate_interval]))",
               "{{device}} written"), w=8),
    graph("Disk busy", "Share of the time in which a disk had something to do. Near 1 it is the bottleneck, unless it can "
          "do much at once, as an SSD can.", "percentunit",
          prom(f"max by (device) (rate(node_disk_io_time_seconds_total{{{REAL}}}[$__rate_interval]))", "{{device}}"),
          w=8),

    variables=[choice("node", "Machine", 'label_values(up{job="node_exporter"}, instance)')],
    shown="now-1h",
)
