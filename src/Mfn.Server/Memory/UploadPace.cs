using Mfn.Server.Calls;
using Mfn.Server.Configuration;

namespace Mfn.Server.Memory;

/// <summary>
/// Says whether a client that holds memory keeps it up: it has so much time in hand, which passes while the server waits for it, and every byte gives it
/// some back.
/// </summary>
internal sealed class UploadPace(StreamingOptions options, TimeProvider clock)
{
    private TimeSpan _left = options.UploadGracePeriod;

    /// <summary>The client has sent so many bytes.</summary>
    public void Receive(long byteCount)
    {
        var left = _left + TimeSpan.FromSeconds((double)byteCount / options.MinBytesPerSecond);
        _left = left < options.UploadGracePeriod ? left : options.UploadGracePeriod;
    }

    /// <summary>Waits for what the client sends next; false if it had no time left.</summary>
    public async Task<bool> KeepsUpAsync(Task reading)
    {
        var start = clock.GetTimestamp();
        try
        {
            if (_left > TimeSpan.Zero)
            {
                await reading.WaitAsync(_left, clock);
            }

            _left -= clock.GetElapsedTime(start);
            return reading.IsCompleted;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    public CallRefusedException Refuse() => CallRefusedException.OverLimit(
        $"The client's upload came more slowly than {options.MinBytesPerSecond} bytes a second for more than {options.UploadGracePeriod}, while it held memory (Streaming:MinBytesPerSecond).",
        TimeSpan.Zero);
}
