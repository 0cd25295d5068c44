using System.IO.Compression;
using System.Security.Cryptography;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Runs;

/// <summary>
/// A watcher written from the contract's text: checks epoch, sequence and chain of every message, and decodes every frame. It goes on over
/// several calls, as a client that resumes does.
/// </summary>
internal sealed class NaiveWatcher(RunService.RunServiceClient runs, string runId)
{
    private byte[] _chain = new byte[32];
    private long _sequence;
    private ulong? _epoch;
    private (long Step, long Revision, ulong[] Cells)? _last;

    public NaiveWatcher(TestServer server, string runId)
        : this(server.Runs, runId)
    {
    }

    /// <summary>The server that has the run: another one after a restart.</summary>
    public RunService.RunServiceClient Runs { get; set; } = runs;

    /// <summary>The frames of all calls.</summary>
    public List<WatchedFrame> Frames { get; } = [];

    /// <summary>All kinds of messages, in order.</summary>
    public List<WatchRunResponse.KindOneofCase> Kinds { get; } = [];

    /// <summary>The gaps of all calls.</summary>
    public List<Gap> Gaps { get; } = [];

    /// <summary>Of the last message.</summary>
    public WatchRunResponse Last { get; private set; } = new();

    public End? End { get; private set; }

    /// <summary>Watches until the stream ends, or until <paramref name="isEnough"/> says so after a message.</summary>
    public async Task WatchAsync(WatchRunRequest request, Predicate<WatchRunResponse>? isEnough = null)
    {
        using var call = Open(request);
        await ReadAsync(call, isEnough);
    }

    /// <summary>Begins a call: with the request's start, or after the last message if there was one.</summary>
    public AsyncServerStreamingCall<WatchRunResponse> Open(WatchRunRequest request, CancellationToken cancellationToken = default)
    {
        var next = request.Clone();
        next.RunId = runId;
        if (_sequence > 0)
        {
            next.ResumeToken = Last.Token;
        }

        _last = null;
        return Runs.WatchRun(next, cancellationToken: cancellationToken);
    }

    public async Task ReadAsync(AsyncServerStreamingCall<WatchRunResponse> call, Predicate<WatchRunResponse>? isEnough = null)
    {
        while (await call.ResponseStream.MoveNext(CancellationToken.None).Within())
        {
            Take(call.ResponseStream.Current);
            if (isEnough?.Invoke(call.ResponseStream.Current) == true)
            {
                return;
            }
        }
    }

    private void Take(WatchRunResponse message)
    {
        _epoch ??= message.Epoch;
        Assert.Equal(_epoch, message.Epoch);
        Assert.Equal(_sequence, message.Sequence);
        var payload = message.KindCase switch
        {
            WatchRunResponse.KindOneofCase.Snapshot => message.Snapshot.Field?.Values.ToByteArray() ?? [],
            WatchRunResponse.KindOneofCase.Delta => message.Delta.CompressedDifferences.ToByteArray(),
            _ => [],
        };
        _chain = SHA256.HashData([
            .. _chain, .. BitConverter.GetBytes(message.Epoch), .. BitConverter.GetBytes(message.Sequence), .. BitConverter.GetBytes(message.Step),
            .. BitConverter.GetBytes(message.Revision), (byte)message.KindCase, .. SHA256.HashData(payload),
        ]);
        Assert.Equal(_chain, message.Chain.ToByteArray());
        _sequence++;
        Last = message;
        Kinds.Add(message.KindCase);
        switch (message.KindCase)
        {
            case WatchRunResponse.KindOneofCase.Snapshot:
                var field = message.Snapshot.Field;
                Add(message, field, field is null ? [] : Unpack(field.Values.ToByteArray(), Width(field)), message.Snapshot.Facts);
                break;
            case WatchRunResponse.KindOneofCase.Delta:
                Assert.NotNull(_last);
                Assert.Equal((_last.Value.Step, _last.Value.Revision), (message.Delta.BaseStep, message.Delta.BaseRevision));
                Add(message, message.Delta.Field, Unfold(message.Delta, _last.Value.Cells), message.Delta.Facts);
                break;
            case WatchRunResponse.KindOneofCase.Gap:
                Gaps.Add(message.Gap);
                break;
            case WatchRunResponse.KindOneofCase.End:
                End = message.End;
                break;
        }
    }

    private void Add(WatchRunResponse message, Field? field, ulong[] cells, FrameFacts facts)
    {
        if (Frames.Count > 0)
        {
            var last = Frames[^1];
            Assert.True((message.Step, message.Revision).CompareTo((last.Step, last.Revision)) > 0, "Frames come in order, and none twice.");
        }

        _last = (message.Step, message.Revision, cells);
        Frames.Add(new WatchedFrame(message.Step, message.Revision, field is null ? [] : ToVolts(field, cells), field?.LargestErrorVolts ?? 0, facts));
    }

    private static int Width(Field field) => field.Encoding switch
    {
        FieldEncoding.Float64 => 8,
        FieldEncoding.Float32 => 4,
        FieldEncoding.Quantized16 => 2,
        _ => 1,
    };

    private static ulong[] Unpack(byte[] bytes, int width) =>
        [.. bytes.Chunk(width).Select(cell => cell.Select((part, i) => (ulong)part << (8 * i)).Aggregate(0UL, (sum, part) => sum | part))];

    private static ulong[] Unfold(Delta delta, ulong[] previous)
    {
        var width = Width(delta.Field);
        using var inflated = new MemoryStream();
        using (var zlib = new ZLibStream(new MemoryStream(delta.CompressedDifferences.ToByteArray()), CompressionMode.Decompress))
        {
            zlib.CopyTo(inflated);
        }

        var planes = inflated.ToArray();
        Assert.Equal(previous.Length * width, planes.Length);
        var mask = width == 8 ? ulong.MaxValue : (1UL << (8 * width)) - 1;
        return [.. previous.Select((cell, i) =>
        {
            var z = 0UL;
            for (var plane = 0; plane < width; plane++)
            {
                z |= (ulong)planes[(plane * previous.Length) + i] << (8 * plane);
            }

            var difference = (z >> 1) ^ ((z & 1) == 0 ? 0 : mask);
            return unchecked(cell + difference) & mask;
        })];
    }

    private static double[] ToVolts(Field field, ulong[] cells) => field.Encoding switch
    {
        FieldEncoding.Float64 => [.. cells.Select(BitConverter.UInt64BitsToDouble)],
        FieldEncoding.Float32 => [.. cells.Select(cell => (double)BitConverter.UInt32BitsToSingle((uint)cell))],
        _ => [.. cells.Select(cell => (field.FirstLevel + (long)cell) * field.QuantumVolts)],
    };
}

/// <summary>A frame as a watcher sees it.</summary>
internal sealed record WatchedFrame(long Step, long Revision, double[] Volts, double LargestError, FrameFacts Facts)
{
    /// <summary>Fails unless the frame is the field in the encoding: exactly, or within the stated error.</summary>
    public void AssertShows(ReadOnlySpan<double> volts, FieldEncoding encoding)
    {
        switch (encoding)
        {
            case FieldEncoding.Float64:
                Assert.True(volts.SequenceEqual(Volts), $"The frame of step {Step} is another one.");
                break;
            case FieldEncoding.Float32:
                double[] rounded = [.. volts.ToArray().Select(cell => (double)(float)cell)];
                Assert.True(rounded.AsSpan().SequenceEqual(Volts), $"The frame of step {Step} is another one.");
                break;
            default:
                Assert.InRange(LargestError, 0, 0.001);
                Assert.Equal(volts.Length, Volts.Length);
                for (var i = 0; i < volts.Length; i++)
                {
                    Assert.InRange(Math.Abs(volts[i] - Volts[i]), 0, LargestError);
                }

                break;
        }
    }
}
