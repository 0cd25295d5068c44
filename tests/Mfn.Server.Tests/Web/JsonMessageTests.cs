using System.Buffers;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Mfn.Contracts.V1;
using Mfn.Server.Calls;
using Mfn.Server.Web;

namespace Mfn.Server.Tests.Web;

/// <summary>Messages from JSON, against what protobuf's own library writes and reads.</summary>
public sealed class JsonMessageTests
{
    private static readonly JsonFormatter[] Formatters =
    [
        new(JsonFormatter.Settings.Default),
        new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true).WithPreserveProtoFieldNames(true)),
        new(JsonFormatter.Settings.Default.WithFormatEnumsAsIntegers(true).WithIndentation()),
    ];

    public static TheoryData<string> Requests => [.. HttpRules.All.Select(rule => rule.Method.InputType.FullName).Distinct()];

    [Theory]
    [MemberData(nameof(Requests))]
    public void Read_WhatTheLibraryHasWritten_IsTheMessage(string name)
    {
        var type = HttpRules.All.First(rule => rule.Method.InputType.FullName == name).Method.InputType;
        var random = new Random(1);
        for (var i = 0; i < 200; i++)
        {
            var message = RandomMessage.Draw(type, random);
            foreach (var formatter in Formatters)
            {
                var (read, problems) = Read(formatter.Format(message), type, pieceSize: random.Next(1, 100));

                Assert.Empty(problems);
                Assert.Equal(message, read);
            }
        }
    }

    /// <summary>The library's parser reads it too, and to the same message.</summary>
    [Theory]
    [InlineData("""{"grid_size": "8", "gridSpacing": null, "seed": 42}""")]
    [InlineData("""{"grid_size": 8.0, "steps": 1e1, "seed": "9223372036854775807"}""")]
    [InlineData("""{"alpha": "0.18", "turing_enabled": true, "precision": 1}""")]
    [InlineData(""" { "alpha" : 1E-400 } """)]
    [InlineData("""{"alph\u0061": 0.1}""")]
    [InlineData("{}")]
    public void Read_WhatProtobufAllows_IsAsTheLibraryReadsIt(string json)
    {
        var (read, problems) = Read(json.Replace("\"gridSpacing\": null, ", "", StringComparison.Ordinal), SimulationSpec.Descriptor);

        Assert.Empty(problems);
        Assert.Equal(JsonParser.Default.Parse<SimulationSpec>(json.Replace("\"gridSpacing\": null, ", "", StringComparison.Ordinal)), read);
    }

    [Theory]
    [InlineData("""{"grid_siz": 8}""", "grid_siz", "is not a field of SimulationSpec (did you mean grid_size?)")]
    [InlineData("""{"GRIDSIZE": 8}""", "GRIDSIZE", "is not a field of SimulationSpec (did you mean grid_size?)")]
    [InlineData("""{"grid_size": 8, "gridSize": 9}""", "grid_size", "must not be there twice")]
    [InlineData("""{"grid_size": 8.5}""", "grid_size", "must be an integer of 32 bits, but was 8.5")]
    [InlineData("""{"grid_size": 3000000000}""", "grid_size", "must be an integer of 32 bits, but was 3000000000")]
    [InlineData("""{"grid_size": "eight"}""", "grid_size", "must be an integer of 32 bits, but was 'eight'")]
    [InlineData("""{"grid_size": true}""", "grid_size", "must be an integer of 32 bits, but was true")]
    [InlineData("""{"grid_size": [8]}""", "grid_size", "must be an integer of 32 bits, but was a list")]
    [InlineData("""{"seed": 9223372036854775808}""", "seed", "must be an integer of 64 bits, but was 9223372036854775808")]
    [InlineData("""{"alpha": 1e400}""", "alpha", "must be a finite number, but was 1e400")]
    [InlineData("""{"alpha": "1e400"}""", "alpha", "must be a finite number, but was '1e400'")]
    [InlineData("""{"alpha": "NaN"}""", "alpha", "must be a finite number, but was 'NaN'")]
    [InlineData("""{"alpha": "Infinity"}""", "alpha", "must be a finite number, but was 'Infinity'")]
    [InlineData("""{"alpha": "-∞"}""", "alpha", "must be a finite number, but was '-∞'")]
    [InlineData("""{"turing_enabled": "yes"}""", "turing_enabled", "must be true or false, but was a text")]
    [InlineData("""{"turing_enabled": 1}""", "turing_enabled", "must be true or false, but was 1")]
    [InlineData("""{"precision": "DOUBLE"}""", "precision", "must be one of PRECISION_UNSPECIFIED, PRECISION_BINARY64, PRECISION_BINARY32, but was 'DOUBLE'")]
    public void Read_OneThingWrong_SaysWhatWasAndWhatMayBe(string json, string field, string description) =>
        Assert.Equal([(field, description)], Read(json, SimulationSpec.Descriptor).Problems);

    [Fact]
    public void Read_ManyThingsWrong_TellsAllByTheirPaths()
    {
        const string Json = """{"spec": {"steps": "x", "foo": {"bar": [1, {}]}}, "field_encoding": 1.5, "species": ["u", 2], "initial_fields": [{"values": "!"}, 3]}""";

        Assert.Equal(
            ["spec.steps", "spec.foo", "field_encoding", "species[1]", "initial_fields[0].values", "initial_fields[1]"],
            Read(Json, SimulateRequest.Descriptor).Problems.Select(problem => problem.Field));
    }

    [Fact]
    public void Read_TwoOfAOneof_AreRefused() => Assert.Equal(
        [("resume_token", "must not be set beside from_step")], Read("""{"from_step": 1, "resume_token": "AAAA"}""", WatchRunRequest.Descriptor).Problems);

    [Theory]
    [InlineData("{\"grid_size\": 8")]
    [InlineData("{\"grid_size\": 8}}")]
    [InlineData("{\"grid_size\": 8,}")]
    [InlineData("{\"alpha\": NaN}")]
    [InlineData("{\"alpha\": Infinity}")]
    [InlineData("{\"alpha\": -Infinity}")]
    [InlineData("{'alpha': 1}")]
    [InlineData("{\"alpha\": 01}")]
    [InlineData("{\"alpha\": 1} // so")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"\\ud800\"")]
    [InlineData("{\"\\ud800\": 1}")]
    [InlineData(" ")]
    public void Read_NoObject_IsRefusedAsAWhole(string json)
    {
        var refused = Assert.Throws<CallRefusedException>(() => Read(json, SimulationSpec.Descriptor));

        Assert.StartsWith("The body ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_DeeplyNested_IsRefused()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"spec\":", 10_000)) + "1" + new string('}', 10_000);

        Assert.Throws<CallRefusedException>(() => Read(deep, SimulateRequest.Descriptor));
    }

    private static (IMessage Message, IEnumerable<(string Field, string Description)> Problems) Read(string json, MessageDescriptor type, int? pieceSize = null)
    {
        var message = type.Parser.ParseFrom(ByteString.Empty);
        var problems = new RequestProblems();
        JsonMessage.Read(Pieces(Encoding.UTF8.GetBytes(json), pieceSize ?? int.MaxValue), message, [], problems);
        return (message, problems.All);
    }

    /// <summary>Bodies come in pieces.</summary>
    private static ReadOnlySequence<byte> Pieces(byte[] bytes, int size)
    {
        var first = new Piece(bytes.AsMemory(0, Math.Min(size, bytes.Length)), null);
        var last = first;
        for (var at = last.Memory.Length; at < bytes.Length; at += last.Memory.Length)
        {
            last = new Piece(bytes.AsMemory(at, Math.Min(size, bytes.Length - at)), last);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }

    /// <summary>.NET writes two powers of two as it writes the numbers below them.</summary>
    [Fact]
    public void Write_NumbersWithTheSameText_ReadBackAsTheyWere()
    {
        var (power, small) = (double.ScaleB(1, -25), double.ScaleB(1, -958));
        var message = new FeatureVector { Values = { power, double.BitDecrement(power), -power, 1, small, double.BitDecrement(small), power } };
        var to = new System.Buffers.ArrayBufferWriter<byte>();

        JsonText.Write(message, to);

        Assert.Equal(message, Google.Protobuf.JsonParser.Default.Parse<FeatureVector>(System.Text.Encoding.UTF8.GetString(to.WrittenSpan)));
    }
}
