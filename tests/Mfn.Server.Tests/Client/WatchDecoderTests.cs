using Google.Protobuf;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Client;

public sealed class WatchDecoderTests
{
    private static readonly Field Shape = NaiveWatchEncoder.Field(1, 2, FieldEncoding.Float32, [0x3F800000, 0xC0200000]);

    [Theory]
    [InlineData(FieldEncoding.Float64)]
    [InlineData(FieldEncoding.Float32)]
    [InlineData(FieldEncoding.Quantized16)]
    [InlineData(FieldEncoding.Quantized8)]
    public void Decode_DeltasOfAnyBits_GiveTheFieldsThatWereEncoded(FieldEncoding encoding)
    {
        var random = new Random(20261125);
        var encoder = new NaiveWatchEncoder(epoch: ulong.MaxValue - 3);
        var decoder = new WatchDecoder(new WatchRunRequest());
        var field = RandomField(random, encoding, spread: 64);
        var frame = Assert.IsType<FrameEvent>(decoder.Decode(encoder.Snapshot(0, 0, field)));
        Assert.Equal((field, false), (frame.Field, frame.IsDelta));

        for (var step = 1; step <= 40; step++)
        {
            // From differences of a few bits to ones of the whole width, either sign.
            var next = RandomField(random, encoding, spread: 1 + (step * 63 / 40));
            var message = encoder.Delta(step, step / 7, (step - 1, (step - 1) / 7), next, NaiveWatchEncoder.Differences(field, next));
            frame = Assert.IsType<FrameEvent>(decoder.Decode(message));

            Assert.Equal((next, true), (frame.Field, frame.IsDelta));
            Assert.Equal(new WatchPosition(ulong.MaxValue - 3, step, step, step / 7, message.Token), frame.Position);
            field = next;
        }
    }

    [Fact]
    public void Decode_EveryKind_GivesItsEventAndKeepsTheChain()
    {
        var encoder = new NaiveWatchEncoder(epoch: 5);
        var decoder = new WatchDecoder(new WatchRunRequest());
        var facts = new FrameFacts { GrowthEventCount = 3 };

        var frame = Assert.IsType<FrameEvent>(decoder.Decode(encoder.Snapshot(4, 1, null, facts)));
        Assert.Equal((null, facts, 0), (frame.Field, frame.Facts, frame.Cells.Length));
        Assert.IsType<CaughtUpEvent>(decoder.Decode(encoder.Next(new WatchRunResponse { Step = 4, CaughtUp = new CaughtUp() }, 9, [])));
        var fellBehind = new FellBehind { EveryNSteps = 4, Downsampling = 2, FieldEncoding = FieldEncoding.Quantized8 };
        var slower = Assert.IsType<FellBehindEvent>(decoder.Decode(encoder.Next(new WatchRunResponse { Step = 4, FellBehind = fellBehind }, 10, [])));
        Assert.Equal((4, 2, FieldEncoding.Quantized8), (slower.EveryNSteps, slower.Downsampling, slower.FieldEncoding));
        Assert.Null(decoder.Decode(encoder.Next(new WatchRunResponse { Heartbeat = new Heartbeat() }, 11, [])));
        Assert.Equal("after 3", decoder.Token!.ToStringUtf8());
        var missing = new Gap { Reason = GapReason.SlowWatcher, FirstAvailableStep = 9, DroppedFrames = 5 };
        var gap = Assert.IsType<GapEvent>(decoder.Decode(encoder.Next(new WatchRunResponse { Step = 9, Gap = missing }, 12, [])));
        Assert.Equal((GapReason.SlowWatcher, 9, 5), (gap.Reason, gap.FirstAvailableStep, gap.DroppedFrames));
        var last = new End { Reason = EndReason.Failed, Detail = "why", Identity = ByteString.CopyFromUtf8("id") };
        var end = Assert.IsType<EndEvent>(decoder.Decode(encoder.Next(new WatchRunResponse { Step = 9, End = last }, 13, [])));
        Assert.Equal((EndReason.Failed, "why", "id"), (end.Reason, end.Detail, end.Identity.ToStringUtf8()));
    }

    [Fact]
    public void Decode_KindOfALaterContract_IsSkipped()
    {
        var encoder = new NaiveWatchEncoder(epoch: 5);
        var decoder = new WatchDecoder(new WatchRunRequest());

        Assert.Null(decoder.Decode(encoder.Next(new WatchRunResponse(), 14, [])));
        Assert.IsType<FrameEvent>(decoder.Decode(encoder.Snapshot(1, 0, Shape)));
    }

    [Fact]
    public void Decode_StreamResumedWithATokenFromElsewhere_BeginsInItsMidst()
    {
        var encoder = new NaiveWatchEncoder(epoch: 5);
        var request = new WatchRunRequest { ResumeToken = encoder.Snapshot(1, 0, Shape).Token };
        var decoder = new WatchDecoder(request);

        Assert.IsType<FrameEvent>(decoder.Decode(encoder.Snapshot(2, 0, Shape)));
        AssertRefused(decoder, Damaged(encoder.Snapshot(3, 0, Shape)), "The hash chain does not hold at message 2 (step 3)");
    }

    [Fact]
    public void Decode_ChangedByte_BreaksTheChain()
    {
        var encoder = new NaiveWatchEncoder(epoch: 5);
        var message = encoder.Snapshot(0, 0, Shape);

        AssertRefused(new WatchDecoder(new WatchRunRequest()), Damaged(message), "The hash chain does not hold at message 0 (step 0)");
        Assert.NotNull(new WatchDecoder(new WatchRunRequest(), verifyChain: false).Decode(Damaged(message)));
    }

    [Fact]
    public void Decode_MissingMessage_BreaksTheChainEvenIfRenumbered()
    {
        var encoder = new NaiveWatchEncoder(epoch: 5);
        var (first, missing, third) = (encoder.Snapshot(0, 0, Shape), encoder.Snapshot(1, 0, Shape), encoder.Snapshot(2, 0, Shape));
        third.Sequence = missing.Sequence;
        var decoder = new WatchDecoder(new WatchRunRequest());
        decoder.Decode(first);

        AssertRefused(decoder, third, "The hash chain does not hold at message 1 (step 2)");
    }

    [Fact]
    public void Decode_OutOfOrder_IsRefused()
    {
        var encoder = new NaiveWatchEncoder(epoch: 5);
        var (first, second) = (encoder.Snapshot(3, 1, Shape), encoder.Snapshot(3, 1, Shape));
        AssertRefused(new WatchDecoder(new WatchRunRequest()), second, "The server began with message 1 instead of 0.");

        var decoder = new WatchDecoder(new WatchRunRequest());
        decoder.Decode(first);
        AssertRefused(decoder, first, "The server sent message 0 where 1 was due.");
        AssertRefused(decoder, second, "The server sent the frame of step 3, revision 1 after that of step 3, revision 1.");
        var elsewhere = new NaiveWatchEncoder(epoch: 6);
        elsewhere.Snapshot(0, 0, null);
        AssertRefused(decoder, elsewhere.Snapshot(4, 1, Shape), "The server went from epoch 5 to 6 within a stream.");
    }

    [Fact]
    public void Decode_DeltaThatIsNone_IsRefused()
    {
        var next = NaiveWatchEncoder.Field(1, 2, FieldEncoding.Float32, [0x3F800001, 0xC0200000]);
        var differences = NaiveWatchEncoder.Differences(Shape, next);
        AssertDelta("The delta builds on the field of step 0, revision 1, but the last one is that of step 1, revision 0.", (0, 1), next, differences);
        AssertDelta("The delta builds on the field of step 1, revision 1, but the last one is that of step 1, revision 0.", (1, 1), next, differences);
        AssertDelta("The delta is of a 2 x 1 field of encoding Float32, but its base is 1 x 2 of Float32.", (1, 0), With(field => (field.Rows, field.Columns) = (2, 1)), differences);
        AssertDelta("The delta is of a 1 x 2 field of encoding Quantized8, but its base is 1 x 2 of Float32.", (1, 0), With(field => field.Encoding = FieldEncoding.Quantized8), differences);
        AssertDelta("The delta needs 8 bytes of differences, but has 7.", (1, 0), next, NaiveWatchEncoder.Compress(new byte[7]));
        AssertDelta("The delta needs 8 bytes of differences, but has more.", (1, 0), next, NaiveWatchEncoder.Compress(new byte[9]));
        AssertDelta("The differences are no zlib stream", (1, 0), next, [1, 2, 3]);
        AssertDelta("The delta needs 8 bytes of differences, but has 0.", (1, 0), next, []);
        AssertDelta("The differences are no zlib stream", (1, 0), next, [.. differences[..^1], (byte)~differences[^1]]);

        // The last 4 bytes are the checksum, without which the differences are still all there.
        for (var length = 1; length < differences.Length - 6; length++)
        {
            AssertDelta("", (1, 0), next, differences[..length]);
        }

        static void AssertDelta(string reason, (long Step, long Revision) origin, Field field, byte[] differences)
        {
            var encoder = new NaiveWatchEncoder(epoch: 5);
            var decoder = new WatchDecoder(new WatchRunRequest());
            decoder.Decode(encoder.Snapshot(1, 0, Shape));
            AssertRefused(decoder, encoder.Delta(2, 0, origin, field, differences), reason);
        }

        Field With(Action<Field> change)
        {
            var field = next.Clone();
            change(field);
            return field;
        }
    }

    [Fact]
    public void Decode_DeltaBehindAFrameWithoutAField_IsRefused()
    {
        var encoder = new NaiveWatchEncoder(epoch: 5);
        var decoder = new WatchDecoder(new WatchRunRequest());
        decoder.Decode(encoder.Snapshot(1, 0, null));

        AssertRefused(decoder, encoder.Delta(2, 0, (1, 0), Shape, []), "but the last one is none.");
    }

    [Fact]
    public void Decode_Bomb_IsInflatedNoFurtherThanTheField()
    {
        var encoder = new NaiveWatchEncoder(epoch: 5);
        var decoder = new WatchDecoder(new WatchRunRequest());
        decoder.Decode(encoder.Snapshot(1, 0, Shape));
        var bomb = encoder.Delta(2, 0, (1, 0), Shape, NaiveWatchEncoder.Compress(new byte[256 * 1024 * 1024]));

        var before = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused(decoder, bomb, "The delta needs 8 bytes of differences, but has more.");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 * 1024 * 1024);
    }

    [Fact]
    public void Decode_SnapshotOfWrongLength_IsRefused()
    {
        var field = Shape.Clone();
        field.Rows = 2;

        AssertRefused(
            new WatchDecoder(new WatchRunRequest()), new NaiveWatchEncoder(epoch: 5).Snapshot(0, 0, field), "A 2 x 2 field of 4-byte cells cannot have 8 bytes.");
    }

    private static Field RandomField(Random random, FieldEncoding encoding, int spread) => NaiveWatchEncoder.Field(
        3, 5, encoding, Enumerable.Range(0, 15).Select(_ => (ulong)random.NextInt64(long.MinValue, long.MaxValue) >> (64 - spread)), quantum: 0.25, firstLevel: -7);

    private static WatchRunResponse Damaged(WatchRunResponse message)
    {
        var result = message.Clone();
        var values = result.Snapshot.Field.Values.ToByteArray();
        values[3] ^= 1;
        result.Snapshot.Field.Values = ByteString.CopyFrom(values);
        return result;
    }

    private static void AssertRefused(WatchDecoder decoder, WatchRunResponse message, string reason) =>
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => decoder.Decode(message)).Message, StringComparison.Ordinal);
}
