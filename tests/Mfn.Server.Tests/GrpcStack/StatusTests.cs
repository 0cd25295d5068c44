using Grpc.Core;

namespace Mfn.Server.Tests.GrpcStack;

public class StatusTests
{
    private static readonly Status NotFound = new(StatusCode.NotFound, "no run 7");

    [Fact]
    public void ToString_WithoutException_ShowsCodeAndDetail()
    {
        Assert.Equal("Status(StatusCode=\"NotFound\", Detail=\"no run 7\")", NotFound.ToString());
    }

    [Fact]
    public void ToString_WithException_ShowsItsTypeAndMessage()
    {
        var status = new Status(StatusCode.Unavailable, "no connection", new IOException("broken pipe"));

        Assert.Equal(
            "Status(StatusCode=\"Unavailable\", Detail=\"no connection\", "
                + "DebugException=\"System.IO.IOException: broken pipe\")",
            status.ToString());
    }

    [Fact]
    public void Defaults_AreSuccessAndCancelledWithoutDetail()
    {
        Assert.Equal((StatusCode.OK, ""), (Status.DefaultSuccess.StatusCode, Status.DefaultSuccess.Detail));
        Assert.Equal((StatusCode.Cancelled, ""), (Status.DefaultCancelled.StatusCode, Status.DefaultCancelled.Detail));
        Assert.Equal(StatusCode.OK, default(Status).StatusCode);
    }

    [Fact]
    public void StatusCode_Numbers_AreThoseOfTheProtocol()
    {
        string[] inProtocolOrder =
        [
            "OK", "Cancelled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists",
            "PermissionDenied", "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented",
            "Internal", "Unavailable", "DataLoss", "Unauthenticated",
        ];

        Assert.Equal(inProtocolOrder, Enumerable.Range(0, 17).Select(number => ((StatusCode)number).ToString()));
        Assert.Equal(17, Enum.GetValues<StatusCode>().Length);
    }

    [Fact]
    public void RpcException_Message_IsTheStatusUnlessGiven()
    {
        Assert.Equal(NotFound.ToString(), new RpcException(NotFound).Message);
        Assert.Equal(NotFound.ToString(), new RpcException(NotFound, new Metadata()).Message);
        Assert.Equal("mine", new RpcException(NotFound, "mine").Message);
        Assert.Equal("mine", new RpcException(NotFound, new Metadata(), "mine").Message);
    }

    [Fact]
    public void RpcException_Parts_AreThoseGiven()
    {
        var cause = new IOException();
        var trailers = new Metadata { { "a", "1" } };
        var error = new RpcException(new Status(StatusCode.Unavailable, "gone", cause), trailers);

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Equal("gone", error.Status.Detail);
        Assert.Same(trailers, error.Trailers);
        Assert.Same(cause, error.InnerException);
    }

    [Fact]
    public void RpcException_Trailers_AreEmptyUnlessGivenAndNeverNull()
    {
        Assert.Empty(new RpcException(NotFound).Trailers);
        Assert.Throws<ArgumentNullException>(() => new RpcException(NotFound, (Metadata)null!));
    }
}
