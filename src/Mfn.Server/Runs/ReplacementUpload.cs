using Google.Protobuf;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;
using Mfn.Server.Memory;

namespace Mfn.Server.Runs;

/// <summary>A steering command that replaces a field, whose values come in further messages.</summary>
/// <param name="request">The command's message; its field has the shape of the run.</param>
/// <param name="replacement">The field in it.</param>
/// <param name="path">The wire name of its values.</param>
/// <param name="byteCount">How many bytes of values there must be.</param>
/// <param name="memory">Grows with what comes.</param>
internal sealed class ReplacementUpload(SteerRunRequest request, Field replacement, string path, int byteCount, MemoryReservation memory)
{
    private const int LeastRoom = 64 * 1024;

    // As they came, and as cells when they are complete.
    private const int Copies = 3;

    private byte[] _values = [];
    private int _count;

    public bool IsComplete => _count == byteCount;

    public string CommandId => request.Command.CommandId;

    /// <summary>The message as if it had come whole.</summary>
    public SteerRunRequest Request
    {
        get
        {
            replacement.Values = UnsafeByteOperations.UnsafeWrap(_values);
            return request;
        }
    }

    /// <summary>Takes the next values.</summary>
    /// <exception cref="CallRefusedException">They are more than are missing.</exception>
    public void Append(ByteString values)
    {
        if (values.Length > byteCount - _count)
        {
            throw CallRefusedException.InvalidArgument(
                path, $"must have {byteCount} bytes, but had {(long)_count + values.Length}");
        }

        var needed = _count + values.Length;
        if (needed > _values.Length)
        {
            var length = (int)Math.Min(byteCount, Math.Max(LeastRoom, 4L * needed));
            memory.Resize((long)Copies * length);
            Array.Resize(ref _values, length);
        }

        values.Span.CopyTo(_values.AsSpan(_count));
        _count += values.Length;
    }
}
