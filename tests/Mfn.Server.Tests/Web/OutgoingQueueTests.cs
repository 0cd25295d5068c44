using Mfn.Server.Web.Reference;

namespace Mfn.Server.Tests.Web;

/// <summary>The reference's three ways with a client that reads too slowly.</summary>
public sealed class OutgoingQueueTests
{
    [Theory]
    [InlineData(nameof(BackPressure.DropOldest), "6 7 8 9")]
    [InlineData(nameof(BackPressure.DropNewest), "0 1 2 3")]
    [InlineData(nameof(BackPressure.Compress), "0 6 8 9")]
    public async Task Add_MoreThanThereIsRoomFor_DropsByTheMode(string mode, string kept)
    {
        var queue = new OutgoingQueue(4);
        for (byte i = 0; i < 10; i++)
        {
            queue.Add(queue, new[] { i }, Enum.Parse<BackPressure>(mode));
            Assert.InRange(queue.Count, 1, 4);
        }

        Assert.Equal(kept, await TakeAllAsync(queue));
    }

    [Theory]
    [InlineData(nameof(BackPressure.DropOldest))]
    [InlineData(nameof(BackPressure.DropNewest))]
    [InlineData(nameof(BackPressure.Compress))]
    public async Task Add_TheLastOfAStream_Stays(string mode)
    {
        var queue = new OutgoingQueue(4);
        for (byte i = 0; i < 20; i++)
        {
            queue.Add(queue, new[] { i }, Enum.Parse<BackPressure>(mode), mustStay: i == 10);
        }

        Assert.Contains("10", (await TakeAllAsync(queue)).Split(' '));
    }

    [Fact]
    public async Task Clear_LeavesWhatIsOfOthers()
    {
        var (queue, other) = (new OutgoingQueue(10), new object());
        for (byte i = 0; i < 6; i++)
        {
            queue.Add(i % 2 == 0 ? queue : other, new[] { i }, BackPressure.DropOldest);
        }

        queue.Clear(other);

        Assert.Equal("0 2 4", await TakeAllAsync(queue));
    }

    private static async Task<string> TakeAllAsync(OutgoingQueue queue)
    {
        var all = new List<byte>();
        while (queue.Count > 0)
        {
            all.Add((await queue.TakeAsync(CancellationToken.None)).Span[0]);
        }

        return string.Join(' ', all);
    }
}
