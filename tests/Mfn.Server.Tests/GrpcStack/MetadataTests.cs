using Grpc.Core;

namespace Mfn.Server.Tests.GrpcStack;

public class MetadataTests
{
    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData("with space-bin")]
    [InlineData("colon:")]
    [InlineData("line\r\nbreak")]
    [InlineData("schlüssel")]
    [InlineData("\u212a")] // The Kelvin sign, whose lower case is an ASCII k.
    public void Entry_InvalidKey_IsRefused(string key)
    {
        Assert.Throws<ArgumentException>(() => new Metadata.Entry(key, "value"));
        Assert.Throws<ArgumentException>(() => new Metadata.Entry(key, [1]));
    }

    [Theory]
    [InlineData("X-Trace_ID.1", "x-trace_id.1")]
    [InlineData("lower", "lower")]
    [InlineData("0", "0")]
    public void Entry_ValidKey_IsPutInLowerCase(string key, string expected)
    {
        Assert.Equal(expected, new Metadata.Entry(key, "value").Key);
    }

    [Fact]
    public void Entry_TextUnderABinaryKey_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("key-bin", "text"));
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("KEY-BIN", "text"));
    }

    [Fact]
    public void Entry_BytesUnderATextKey_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("key", [1]));
    }

    [Fact]
    public void Entry_Null_IsRefused()
    {
        Assert.Throws<ArgumentNullException>(() => new Metadata.Entry(null!, "value"));
        Assert.Throws<ArgumentNullException>(() => new Metadata.Entry("key", (string)null!));
        Assert.Throws<ArgumentNullException>(() => new Metadata.Entry("key-bin", (byte[])null!));
    }

    [Fact]
    public void Entry_Text_IsAlsoAvailableAsAscii()
    {
        var entry = new Metadata.Entry("key", "abc");

        Assert.False(entry.IsBinary);
        Assert.Equal("abc", entry.Value);
        Assert.Equal("abc"u8.ToArray(), entry.ValueBytes);
        Assert.Equal("[Entry: key=key, value=abc]", entry.ToString());
    }

    [Fact]
    public void Entry_Bytes_AreNotAvailableAsText()
    {
        var entry = new Metadata.Entry("key-bin", [1, 2]);

        Assert.True(entry.IsBinary);
        Assert.Equal([1, 2], entry.ValueBytes);
        Assert.Throws<InvalidOperationException>(() => entry.Value);
    }

    [Fact]
    public void Entry_Bytes_AreCopiedInAndOut()
    {
        byte[] bytes = [1, 2];
        var entry = new Metadata.Entry("key-bin", bytes);

        bytes[0] = 9;
        entry.ValueBytes[1] = 9;

        Assert.Equal([1, 2], entry.ValueBytes);
    }

    [Fact]
    public void Lookup_KeyThatOccursTwice_FindsTheLastOrAll()
    {
        var metadata = new Metadata { { "a", "1" }, { "b", "2" }, { "A", "3" }, { "a-bin", [4] } };

        Assert.Equal("3", metadata.Get("a")?.Value);
        Assert.Equal("3", metadata.GetValue("a"));
        Assert.Equal(["1", "3"], metadata.GetAll("a").Select(entry => entry.Value));
        Assert.Equal([4], metadata.GetValueBytes("a-bin"));
    }

    [Fact]
    public void Lookup_AbsentKey_FindsNothing()
    {
        var metadata = new Metadata { { "a", "1" } };

        Assert.Null(metadata.Get("b"));
        Assert.Null(metadata.GetValue("b"));
        Assert.Null(metadata.GetValueBytes("b-bin"));
        Assert.Empty(metadata.GetAll("b"));
    }

    [Fact]
    public void List_Operations_KeepTheOrder()
    {
        Metadata.Entry a = new("a", "1"), b = new("b", "2"), c = new("c", "3");
        var metadata = new Metadata { a, c };

        metadata.Insert(1, b);
        Assert.Equal([a, b, c], metadata);
        Assert.Equal(1, metadata.IndexOf(b));

        metadata[0] = c;
        metadata.RemoveAt(2);
        Assert.Equal([c, b], metadata);

        Assert.True(metadata.Remove(c));
        Assert.False(metadata.Remove(c));
        Assert.DoesNotContain(c, metadata);

        metadata.Clear();
        Assert.Empty(metadata);
    }

    [Fact]
    public void List_NullEntry_IsRefused()
    {
        var metadata = new Metadata { { "a", "1" } };

        Assert.Throws<ArgumentNullException>(() => metadata.Add(null!));
        Assert.Throws<ArgumentNullException>(() => metadata.Insert(0, null!));
        Assert.Throws<ArgumentNullException>(() => metadata[0] = null!);
    }

    [Fact]
    public void Empty_AnyChange_IsRefused()
    {
        var entry = new Metadata.Entry("a", "1");

        Assert.True(Metadata.Empty.IsReadOnly);
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Add(entry));
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Add("a", "1"));
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Add("a-bin", [1]));
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Insert(0, entry));
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Remove(entry));
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.RemoveAt(0));
        Assert.Throws<InvalidOperationException>(Metadata.Empty.Clear);
        Assert.Empty(Metadata.Empty);
    }

    [Fact]
    public void New_Metadata_MayChange()
    {
        Assert.False(new Metadata().IsReadOnly);
    }
}
