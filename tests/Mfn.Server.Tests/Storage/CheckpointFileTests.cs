using System.Buffers.Binary;
using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Mfn.Contracts.Storage.V1;
using Mfn.Core.Randomness;
using Mfn.Core.Simulation;
using Mfn.Core.Steering;
using Mfn.Server.Storage;
using static Mfn.Server.Tests.Storage.Checkpoints;

namespace Mfn.Server.Tests.Storage;

public sealed class CheckpointFileTests
{
    [Fact]
    public void Read_AnyStateWritten_HasTheSameBits() =>
        ForAnySeed(random =>
        {
            var checkpoint = DrawState(DrawSpec(random), random);
            return Decode(checkpoint.Encode()).HasSameBits(checkpoint);
        });

    [Fact]
    public void Read_AnySimulationWritten_GoesOnWithTheSameBits() =>
        ForAnySeed(random =>
        {
            using var simulation = new SteeredSimulation(DrawSpec(random));
            simulation.Advance((int)random.NextInt64(0, 5));
            simulation.Apply(new FieldAddition(1, 2, 2, 1, random.Uniform(-1, 1)));
            simulation.Advance((int)random.NextInt64(0, 5));
            using var restored = SteeredSimulation.Restore(Decode(simulation.Capture().Encode()));

            simulation.Advance(7);
            restored.Advance(7);
            simulation.Apply(new ParameterChange { Alpha = 0.1 });
            restored.Apply(new ParameterChange { Alpha = 0.1 });
            return restored.Capture().HasSameBits(simulation.Capture());
        });

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public void Append_PiecesOfAnySize_MakeTheSameCheckpoint(int pieceLength)
    {
        var checkpoint = Of(gridSize: 120, steps: 3);
        var bytes = checkpoint.Encode();
        using var decoder = new CheckpointDecoder(maxGridSize: 120);
        foreach (var piece in bytes.Chunk(pieceLength))
        {
            decoder.Append(piece);
        }

        Assert.True(decoder.Complete().HasSameBits(checkpoint));
        Assert.True(CheckpointFile.Encode(checkpoint).Count() > 2);
    }

    [Fact]
    public void Write_SinglePrecision_TakesFourBytesACell()
    {
        var random = new RandomGenerator(1);
        var spec = new SimulationSpec { GridSize = 64, Precision = Precision.Binary32 };

        Assert.InRange(DrawState(spec, random).Encode().Length, 3 * 64 * 64 * 4, (3 * 64 * 64 * 4) + 500);
    }

    [Fact]
    public void Read_AnyByteChanged_IsRefused()
    {
        var bytes = Of(gridSize: 4, steps: 5).Encode();
        for (var i = 0; i < bytes.Length; i++)
        {
            foreach (var change in (byte[])[1, 2, 4, 8, 16, 32, 64, 128, 255])
            {
                bytes[i] ^= change;
                var error = Assert.Throws<InvalidDataException>(() => Decode(bytes));
                Assert.Matches(i < 8 ? "do not begin like one" : i < 12 ? "has format version" : i < 16 ? "is damaged|is cut off" : "is damaged", error.Message);
                bytes[i] ^= change;
            }
        }

        Decode(bytes);
    }

    [Fact]
    public void Read_CutOffAnywhere_IsRefused()
    {
        var bytes = Of(gridSize: 4, steps: 5).Encode();
        for (var length = 0; length < bytes.Length; length++)
        {
            AssertRefused(bytes[..length], $"it ends after {length} bytes");
        }
    }

    [Fact]
    public void Read_BytesAfterTheEnd_IsRefused()
    {
        var bytes = Of(gridSize: 4, steps: 5).Encode();

        AssertRefused([.. bytes, 0], $"bytes after its end at byte {bytes.Length}");
        AssertRefused([.. bytes, .. bytes], "bytes after its end");
    }

    [Theory]
    [InlineData(3, "has format version 3, but this server reads versions 1 and 2")]
    [InlineData(2, "has format version 2, but not a state of what that is for")]
    [InlineData(0, "has format version 0")]
    public void Read_OtherFormatVersion_IsRefused(int version, string reason)
    {
        var bytes = Of(gridSize: 4, steps: 0).Encode();
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), version);

        AssertRefused(bytes, reason);
    }

    public static TheoryData<Action<CheckpointHeader>, string> BadHeaders => new()
    {
        { header => header.EngineVersion = "mfn-engine-0", "engine version 'mfn-engine-0', but this server's is 'mfn-engine-1'" },
        { header => header.Constants = null, "no constants" },
        { header => header.Generator = null, "no generator" },
        { header => header.Constants.Scheme = SimulationScheme.Unspecified, "unknown scheme: 0" },
        { header => header.Constants.Precision = (Contracts.V1.Precision)9, "unknown precision: 9" },
        { header => header.Constants.Boundary = (Contracts.V1.Boundary)9, "unknown boundary: 9" },
        { header => header.Constants.Boundary = Contracts.V1.Boundary.Neumann, "Boundary must be Periodic" },
        { header => header.Constants.GridSize = 0, "GridSize must be between 1 and 32768, but was 0" },
        { header => header.Constants.GridSize = 65536, "GridSize must be at most 1024, but was 65536" },
        { header => header.Constants.GridSize = 1025, "GridSize must be at most 1024, but was 1025" },
        { header => header.Constants.Alpha = double.NaN, "Alpha must be finite, but was NaN" },
        { header => header.Constants.JitterVarianceVoltsSquared = -1, "JitterVariance must be between 0 and" },
        { header => header.Identity = ByteString.CopyFrom(1, 2, 3), "identity must have 32 bytes, but has 3" },
        { header => header.Generator.IncrementLow = 2, "increment must be odd" },
        { header => header.Step = -1, "must not be negative" },
        { header => header.Revision = -1, "must not be negative" },
        { header => header.ClampingEventCount = -1, "must not be negative" },
    };

    [Theory]
    [MemberData(nameof(BadHeaders))]
    public void Read_BadHeader_IsRefused(Action<CheckpointHeader> spoil, string reason)
    {
        ArgumentNullException.ThrowIfNull(spoil);
        AssertRefused(WithHeader(Of(gridSize: 4, steps: 5), spoil), reason, maxGridSize: 1024);
    }

    [Fact]
    public void Read_ManyProblems_ListsThemAll() =>
        AssertRefused(
            WithHeader(Of(gridSize: 4, steps: 5), header =>
            {
                header.Constants.Alpha = double.PositiveInfinity;
                header.Constants.SpikeProbability = double.NaN;
            }),
            "Alpha must be finite, but was Infinity. SpikeProbability must be finite, but was NaN.");

    [Theory]
    [InlineData(0, double.NaN, "row 0, column 1 of the potential must be finite, but is NaN")]
    [InlineData(0, double.NegativeInfinity, "row 0, column 1 of the potential must be finite, but is -Infinity")]
    [InlineData(1, 1.5, "row 0, column 1 of the activator must be between 0 and 1, but is 1.5")]
    [InlineData(2, double.NaN, "row 0, column 1 of the inhibitor must be between 0 and 1, but is NaN")]
    public void Read_BadCell_IsRefused(int field, double value, string reason)
    {
        var checkpoint = Of(gridSize: 4, steps: 5);
        var bytes = checkpoint.Encode();
        var cells = bytes.Length - 32 - (3 * 16 * sizeof(double));
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(cells + (((field * 16) + 1) * sizeof(double))), value);
        Seal(bytes);

        AssertRefused(bytes, reason);
    }

    [Fact]
    public void Read_FewBytesThatClaimManyCells_TakesLittleMemory()
    {
        var bytes = WithHeader(Of(gridSize: 4, steps: 5), header => header.Constants.GridSize = 4096);
        AssertRefused(bytes, "cut off");

        var before = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused(bytes, "but must have at least 402653");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300_000);
    }

    private static void ForAnySeed(Func<RandomGenerator, bool> property) =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => property(new RandomGenerator(seed)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(123UL, 45UL));

    private static void AssertRefused(byte[] bytes, string reason, int maxGridSize = int.MaxValue) =>
        Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => Decode(bytes, maxGridSize)).Message, StringComparison.Ordinal);

    /// <summary>The checkpoint with another header, and checksums that are right.</summary>
    private static byte[] WithHeader(SimulationCheckpoint checkpoint, Action<CheckpointHeader> change)
    {
        var bytes = checkpoint.Encode();
        var end = CheckpointFile.PreambleLength + BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(12));
        var header = CheckpointHeader.Parser.ParseFrom(bytes.AsSpan(CheckpointFile.PreambleLength, end - CheckpointFile.PreambleLength));
        change(header);
        var changed = header.ToByteArray();
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), changed.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(16), Crc32C.Compute(changed));
        byte[] whole = [.. bytes[..CheckpointFile.PreambleLength], .. changed, .. bytes[end..]];
        Seal(whole);
        return whole;
    }

    private static void Seal(byte[] bytes) => SHA256.HashData(bytes.AsSpan(0, bytes.Length - 32), bytes.AsSpan(bytes.Length - 32));
}
