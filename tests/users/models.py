"""User models as host projects have them."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

import django
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import AbstractUser, Group, PermissionsMixin, UserManager
from django.db import models
from django.utils.crypto import salted_hmac


class EmailManager(BaseUserManager["UUIDUser"]):
    def create_user(self, name: str, password: str) -> Any:
        user = self.model(**{self.model.USERNAME_FIELD: name})
        user.set_password(password)
        user.save(using=self._db)
        return user


class UUIDUser(AbstractBaseUser, PermissionsMixin):
    """A UUID as primary key, the e-mail address as user name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    USERNAME_FIELD = "email"
    objects = EmailManager()


class Person(AbstractUser):
    """The parent of ChildUser, an ordinary user by itself."""

    groups = models.ManyToManyField("auth.Group", related_name="+")
    user_permissions = models.ManyToManyField("auth.Permission", related_name="+")


class ChildUser(Person):
    """Multi-table inheritance: its primary key is a reference to the parent."""

    nickname = models.CharField(max_length=20, blank=True)


class UndeletedManager(BaseUserManager["SoftDeletedUser"]):
    def get_queryset(self) -> models.QuerySet[SoftDeletedUser]:
        return super().get_queryset().filter(deleted=False)

    create_user = EmailManager.create_user


class SoftDeletedUser(AbstractBaseUser):
    """Its default manager hides the deleted: a join would find them."""

    email = models.EmailField(unique=True)
    deleted = models.BooleanField(default=False)
    USERNAME_FIELD = "email"
    objects = UndeletedManager()


class BareUser(AbstractBaseUser):
    """No e-mail address, no `is_active` column: the least that Django accepts."""

    handle = models.CharField(max_length=20, unique=True)
    USERNAME_FIELD = "handle"
    objects = EmailManager()


class DirectoryUser(models.Model):
    """No password here: a directory knows it. So no session auth hash either, where Django lets a user lack one."""

    uid = models.CharField(max_length=20, unique=True)
    is_anonymous, is_authenticated = False, True
    USERNAME_FIELD = "uid"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.uid

    get_username = __str__

    if django.VERSION >= (6, 0):  # `login()` asks every user for one

        def get_session_auth_hash(self) -> str:
            return "known to the directory"


class NumberedUser(AbstractBaseUser):
    """Every session ends with a new `generation`."""

    email = models.EmailField(unique=True)
    generation = models.IntegerField(default=1)
    is_active = models.BooleanField(default=True)
    USERNAME_FIELD = "email"
    objects = EmailManager()

    def get_session_auth_hash(self) -> str:
        return salted_hmac(str(self.generation), self.password).hexdigest()


class AliasOfParent(Person):
    class Meta:
        proxy = True


class AliasOfChild(ChildUser):
    """As the user model of a project that has a second page in the admin for the same people."""

    class Meta:
        proxy = True


class Grandchild(ChildUser):
    """Adds columns of its own to some users."""

    badge = models.CharField(max_length=20, blank=True)


class Club(models.Model):
    number = models.IntegerField(primary_key=True)

    def __str__(self) -> str:
        return f"club {self.number}"


class ClubUser(Club, Grandchild):
    """Its primary key is the club's, since that parent comes first: another number than the user's."""

    objects = UserManager()


class AliasOfGroup(Group):
    class Meta:
        proxy = True


class Tag(models.Model):
    """With Shelf and Book: models of the host that have nothing to do with users."""

    word = models.CharField(max_length=20)

    def __str__(self) -> str:
        return self.word


class Shelf(models.Model):
    name = models.CharField(max_length=20)
    tags = models.ManyToManyField(Tag)

    def __str__(self) -> str:
        return self.name


class Book(models.Model):
    shelf = models.ForeignKey(Shelf, on_delete=models.CASCADE)

    def __str__(self) -> str:
        return f"book {self.pk}"
