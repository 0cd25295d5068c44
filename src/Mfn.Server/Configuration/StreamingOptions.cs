using System.ComponentModel.DataAnnotations;

namespace Mfn.Server.Configuration;

/// <summary>How frames get to their reader.</summary>
internal sealed class StreamingOptions
{
    public const string Section = "Streaming";

    [Setting("frames that a run may be ahead of its client before it waits", IsLive = true)]
    [Range(1, 64)]
    public int OwnerBacklog { get; set; } = 2;

    [Setting("how long a client may take to send the next message of a stream before its call is ended", IsLive = true)]
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromMinutes(10);

    [Setting("how long a client may take to upload a round, initial fields, or a field for box counting", IsLive = true)]
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan UploadTimeout { get; set; } = TimeSpan.FromHours(1);

    [Setting("how long a client may take to accept one message before its call is aborted", IsLive = true)]
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan WriteTimeout { get; set; } = TimeSpan.FromMinutes(1);

    [Setting("the rate at which a client must at least send an upload, or take an answer; an answer has the write time-out if that is longer", IsLive = true)]
    [Range(1, 1 << 30)]
    public int MinBytesPerSecond { get; set; } = 32 * 1024;

    [Setting("how long a client that holds memory for an upload may be behind that rate before its call is ended", IsLive = true)]
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan UploadGracePeriod { get; set; } = TimeSpan.FromSeconds(30);

    [Setting("bytes of a connection's messages that may wait for the network before its streams wait; more lets a run compute on while its last frames are sent")]
    [Range(16 * 1024, 64 * 1024 * 1024)]
    public int WriteBufferBytes { get; set; } = 256 * 1024;
}
