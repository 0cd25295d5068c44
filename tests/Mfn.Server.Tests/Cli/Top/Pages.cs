using Mfn.Cli.Top;

namespace Mfn.Server.Tests.Cli.Top;

/// <summary>Pages of metrics, written by hand.</summary>
internal static class Pages
{
    /// <summary>The time of the second page.</summary>
    public static readonly DateTimeOffset Time = DateTimeOffset.FromUnixTimeSeconds(1_000_100);

    /// <summary>A server that was started at 1000000, had 100 calls, and holds 300 of 1000 bytes.</summary>
    public static MetricPage First { get; } = MetricPage.Parse(
        """
        # HELP mfn_rpc_handled_total Calls.
        # TYPE mfn_rpc_handled_total counter
        mfn_rpc_handled_total{service="s",method="Get",code="OK"} 90
        mfn_rpc_handled_total{service="s",method="Get",code="NOT_FOUND"} 10
        mfn_rpc_started_total{service="s",method="Get"} 100
        mfn_rpc_started_total{service="s",method="Watch"} 0
        mfn_rpc_duration_seconds_bucket{service="s",method="Get",le="0.1"} 100
        mfn_rpc_duration_seconds_bucket{service="s",method="Get",le="1.0"} 100
        mfn_rpc_duration_seconds_bucket{service="s",method="Get",le="+Inf"} 100
        mfn_ready{check="disk"} 1
        mfn_ready{check="room"} 1
        mfn_build_info{version="1.2.3"} 1
        mfn_memory_held_bytes{use="runs"} 100
        mfn_memory_held_bytes{use="history"} 200
        mfn_memory_limit_bytes 1000
        mfn_compute_threads 2
        mfn_compute_busy_seconds_total 5
        process_start_time_seconds 1000000
        process_working_set_bytes 1.5e9
        """);

    /// <summary>Ten seconds later: 100 more calls, of which 5 failed through the server and 2 were slow; the disk cannot be written.</summary>
    public static MetricPage Second { get; } = MetricPage.Parse(
        """
        mfn_rpc_handled_total{service="s",method="Get",code="OK"} 185
        mfn_rpc_handled_total{service="s",method="Get",code="NOT_FOUND"} 10
        mfn_rpc_handled_total{service="s",method="Get",code="INTERNAL"} 5
        mfn_rpc_started_total{service="s",method="Get"} 201
        mfn_rpc_started_total{service="s",method="Watch"} 0
        mfn_rpc_open{service="s",method="Get"} 1
        mfn_rpc_duration_seconds_bucket{service="s",method="Get",le="0.1"} 198
        mfn_rpc_duration_seconds_bucket{service="s",method="Get",le="1.0"} 200
        mfn_rpc_duration_seconds_bucket{service="s",method="Get",le="+Inf"} 200
        mfn_ready{check="disk"} 0
        mfn_ready{check="room"} 1
        mfn_build_info{version="1.2.3"} 1
        mfn_memory_held_bytes{use="runs"} 100
        mfn_memory_held_bytes{use="history"} 200
        mfn_memory_limit_bytes 1000
        mfn_compute_threads 2
        mfn_compute_busy_seconds_total 15
        process_start_time_seconds 1000000
        process_working_set_bytes 1.5e9
        """);
}
