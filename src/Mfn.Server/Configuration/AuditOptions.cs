using System.ComponentModel.DataAnnotations;

namespace Mfn.Server.Configuration;

/// <summary>Settings of the audit log: who did what to which resource, with which outcome.</summary>
internal sealed class AuditOptions
{
    public const string Section = "Audit";

    [Setting("where events of the [audit log](audit.md) are appended; it is created, readable by its owner alone, and written by one server at a time")]
    public string? File { get; set; }

    [Setting("bytes of a file after which another one is begun")]
    [Range(64L << 10, 1L << 40)]
    public long MaxFileBytes { get; set; } = 64L << 20;

    [Setting("files that are kept beside the one that is written; the oldest is deleted")]
    [Range(1, 10_000)]
    public int MaxFiles { get; set; } = 16;

    [Setting("how long what is written may not be on disk yet, so that a power cut takes it; it survives the end of the server at once", IsLive = true)]
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan FlushInterval { get; set; } = TimeSpan.FromSeconds(1);

    [Setting("whether calls are served while the audit log cannot be written, and their events are lost and counted; if not, they are refused with UNAVAILABLE", IsLive = true)]
    public bool ServeWhenUnwritable { get; set; }
}
