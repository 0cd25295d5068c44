using System.Text;
using Mfn.Client.Arrays;
using Mfn.Client.Safetensors;

namespace Mfn.Server.Tests.Client;

public sealed class SafetensorsReaderTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    [Fact]
    public void Read_SeveralTensors_ComeInTheOrderOfTheirNames()
    {
        // 1, -2.5 as F64; 0.5 as F32; 1 and the least F16; 1 and -3 as BF16, the upper half of the float. In another order than their names'.
        Write(
            """{"__metadata__":{"format":"pt"},"d":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},"b":{"dtype":"BF16","shape":[1,2],"data_offsets":[16,20]},"a.é":{"dtype":"F32","shape":[],"data_offsets":[20,24]},"c":{"dtype":"F16","shape":[2,1],"data_offsets":[24,28]},"empty":{"dtype":"F32","shape":[0,7],"data_offsets":[28,28]}}   """,
            "000000000000F03F00000000000004C0" + "803F40C0" + "0000003F" + "003C0100");

        using var reader = SafetensorsReader.Open(_path);
        var values = new double[7];
        reader.Read(values);

        Assert.Equal(["a.é", "b", "c", "d", "empty"], reader.Names);
        Assert.Equal([7], reader.Shape);
        Assert.True(reader.IsDouble);
        Assert.Equal([0.5, 1, -3, 1, 0.000000059604644775390625, 1, -2.5], values);
        Assert.Equal(-2.5, reader.ReadAt(6));
        Assert.Throws<EndOfStreamException>(() => reader.ReadAt(7));

        using var one = SafetensorsReader.Open($"{_path}:b");
        Assert.Equal([1, 2], one.Shape);
        Assert.False(one.IsDouble);
        Assert.Equal(-3, one.ReadAt(1));
    }

    [Fact]
    public void Open_AnyArray_IsToldByItsContent()
    {
        Write("""{"w":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}""", "0000003F");

        using var reader = ArrayReader.Open(_path);

        Assert.IsType<SafetensorsReader>(reader);
        Assert.Equal(0.5, reader.ReadAt(0));
    }

    [Theory]
    [InlineData("""{"w":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}""", "its tensor 'w' must be F64, F32, F16 or BF16, but is I64")]
    [InlineData("""{"w":{"dtype":"F64","shape":[2],"data_offsets":[0,8]}}""", "its tensor 'w' needs 16 bytes, but has the data_offsets 0 and 8")]
    [InlineData("""{"w":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "but has the data_offsets 8 and 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "its tensor 'b' begins at byte 0, within another tensor")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", "its tensor 'b' begins at byte 8, after a hole: the one before it ends at 4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "its tensor 'a' begins at byte 4, after a hole")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "needs 4 bytes of data, but there are 8")]
    [InlineData("""{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}""", "needs 16 bytes of data, but there are 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", "its tensor 'a' must have a dtype, a shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", "its tensor 'a' must have a dtype, a shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9007199254740992,9007199254740992],"data_offsets":[0,4]}}""", "the shape of its tensor 'a' (9007199254740992, 9007199254740992) has more cells than the 4294967296")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", "its tensor 'a' must have a dtype, a shape")]
    [InlineData("""{"a":7}""", "its tensor 'a' must have a dtype")]
    [InlineData("""{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}""", "its header is not JSON of tensors")]
    [InlineData("""{"__metadata__":{"x":1},"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}""", "its __metadata__ must have strings alone")]
    [InlineData("""{"a":[[[[[[[[]]]]]]]]}""", "its header is not JSON of tensors")]
    [InlineData("""{"a":""", "its header is not JSON of tensors")]
    [InlineData("""{"\ud800":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}""", "its header is not JSON of tensors")]
    [InlineData("""{"a":{"dtype":"\ud800","shape":[1],"data_offsets":[0,8]}}""", "its header is not JSON of tensors")]
    [InlineData("""{}""", "it has no tensors")]
    [InlineData(""" {"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}""", "it is neither an NPY file")]
    public void Open_AnythingElse_IsRefusedWithTheReason(string header, string reason)
    {
        Write(header, "0000000000000000");

        var error = Assert.Throws<InvalidDataException>(() => SafetensorsReader.Open(_path));

        Assert.StartsWith($"'{_path}' cannot be used: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0100")]
    [InlineData("0000000000000000")]
    [InlineData("01E1F50500000000")]
    [InlineData("FFFFFFFFFFFFFF7F7B")]
    public void Open_NoLengthOfAHeader_IsRefused(string content)
    {
        // Among them one more than the format's 100 MB.
        File.WriteAllBytes(_path, Convert.FromHexString(content));

        Assert.Contains("it is not a safetensors file", Assert.Throws<InvalidDataException>(() => SafetensorsReader.Open(_path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_HeaderLongerThanTheFile_TakesNoMemoryForIt()
    {
        File.WriteAllBytes(_path, [.. BitConverter.GetBytes(100_000_000L), (byte)'{', .. new byte[1000]]);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<InvalidDataException>(() => SafetensorsReader.Open(_path));

        Assert.Contains("it ends within its header of 100000000 bytes", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void Open_NoSuchTensor_SaysWhichThereAre()
    {
        Write("""{"w":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}""", "0000000000000000");

        var error = Assert.Throws<InvalidDataException>(() => SafetensorsReader.Open($"{_path}:v"));

        Assert.Contains("it has no tensor 'v'. It has: w.", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => File.Delete(_path);

    private void Write(string header, string data)
    {
        var text = Encoding.UTF8.GetBytes(header);
        File.WriteAllBytes(_path, [.. BitConverter.GetBytes((long)text.Length), .. text, .. Convert.FromHexString(data)]);
    }
}
